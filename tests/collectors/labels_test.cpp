// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/labels.h"

#include <catch2/catch.hpp>

namespace kernstat {

TEST_CASE("label values are escaped, valid UTF-8 and bounded") {
  CHECK(Labels("a", "x\"y\\z\n").add("b", "é").text() == "a=\"x\\\"y\\\\z\\n\",b=\"é\"");
  CHECK(Labels("a", "\xff\xc3").text() == "a=\"\xEF\xBF\xBD\xEF\xBF\xBD\"");
  CHECK(Labels("a", std::string(300, 'x')).text().size() == kMaxLabelBytes + 4);
  CHECK(Labels("a", "\xED\xA0\x80").text().find('\xED') == std::string::npos);
}

}  // namespace kernstat
