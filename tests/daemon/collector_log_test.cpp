// SPDX-License-Identifier: Apache-2.0
#include "daemon/collector_log.h"

#include <catch2/catch.hpp>

namespace kernstat {
namespace {

TEST_CASE("collector log: a missing privilege is told once, with how to give it") {
  const auto status = [](const char* name, CollectorState state, const char* error) {
    CollectorStatus one;
    one.name = name;
    one.state = state;
    one.error = error;
    return one;
  };
  const auto denied = denied_by_reason({
      status("a", CollectorState::kDenied, "loading BPF needs CAP_BPF"),
      status("b", CollectorState::kOk, ""),
      status("c", CollectorState::kDenied, "kernel.some_sysctl is 3"),
      status("d", CollectorState::kDenied, "loading BPF needs CAP_BPF"),
      status("e", CollectorState::kFailed, "loading BPF needs CAP_BPF"),
  });
  REQUIRE(denied.size() == 2);
  CHECK(denied[0].why == "loading BPF needs CAP_BPF");
  CHECK(denied[0].collectors == "a d");
  CHECK(denied[0].remedy.find("AmbientCapabilities=") != std::string::npos);
  CHECK(denied[1].collectors == "c");
  CHECK(denied[1].remedy.empty());
  CHECK(denied_by_reason({}).empty());
}

}  // namespace
}  // namespace kernstat
