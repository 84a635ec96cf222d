// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/kernel_btf.h"

#include <bpf/btf.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdio>
#include <fstream>
#include <string>

#include "collectors/bpf/btf_schema.h"
#include "collectors/bpf/libbpf_log.h"
#include "collectors/bpf/load_error.h"

using namespace kernstat;
using namespace kernstat::bpf;

namespace {

class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& bytes) {
    char name[] = "/tmp/kernstat_btf_XXXXXX";
    const int fd = ::mkstemp(name);
    REQUIRE(fd >= 0);
    ::close(fd);
    path_ = name;
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  ~TemporaryFile() { std::remove(path_.c_str()); }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// A kernel with one tracepoint sched(task_struct *, int), one function, one enum and structs.
std::string small_kernel() {
  btf* all = btf__new_empty();
  const int number = btf__add_int(all, "int", 4, BTF_INT_SIGNED);
  const int task = btf__add_struct(all, "task_struct", 8);
  btf__add_field(all, "pid", number, 0, 0);
  const int inner = btf__add_union(all, "", 4);
  btf__add_field(all, "hidden", number, 0, 0);
  btf__add_struct(all, "outer", 4);
  btf__add_field(all, "", inner, 0, 0);
  const int pointer = btf__add_ptr(all, task);
  const int nothing = btf__add_ptr(all, 0);
  const int prototype = btf__add_func_proto(all, 0);
  btf__add_func_param(all, "__data", nothing);
  btf__add_func_param(all, "task", pointer);
  btf__add_func_param(all, "sig", number);
  const int trace = btf__add_ptr(all, prototype);
  btf__add_typedef(all, "btf_trace_sched", trace);
  btf__add_func(all, "tcp_connect", BTF_FUNC_GLOBAL, prototype);
  btf__add_enum(all, "skb_drop_reason", 4);
  btf__add_enum_value(all, "SKB_CONSUMED", 1);
  btf__add_enum_value(all, "SKB_DROP_REASON_NO_SOCKET", 3);
  std::uint32_t size = 0;
  const void* raw = btf__raw_data(all, &size);
  std::string bytes(static_cast<const char*>(raw), size);
  btf__free(all);
  return bytes;
}

}  // namespace

TEST_CASE("conditions are answered from the kernel's types") {
  const TemporaryFile file(small_kernel());
  const auto kernel = KernelBtf::load(file.path());
  REQUIRE(kernel);
  const auto holds = [&](const char* condition) {
    const auto answer = kernel->holds(condition);
    REQUIRE(answer);
    return *answer;
  };
  CHECK(holds("tracepoint sched"));
  CHECK_FALSE(holds("tracepoint other"));
  CHECK(holds("tracepoint sched(task_struct)"));
  CHECK(holds("tracepoint sched(task_struct, int)"));
  CHECK(holds("tracepoint sched(_, int)"));
  CHECK_FALSE(holds("tracepoint sched(int)"));
  CHECK_FALSE(holds("tracepoint sched(task_struct, int, int)"));
  CHECK(holds("function tcp_connect"));
  CHECK(holds("! function tcp_drop"));
  CHECK(holds("field task_struct.pid"));
  CHECK(holds("field outer.hidden"));
  CHECK_FALSE(holds("field task_struct.tgid"));
  CHECK(holds("type task_struct"));
  CHECK(holds("!type folio"));
  CHECK_FALSE(kernel->holds("nonsense"));
  CHECK_FALSE(kernel->holds("field a"));
  CHECK_FALSE(kernel->holds("tracepoint a(b"));
}

TEST_CASE("kernel enums are named without what they have in common") {
  const TemporaryFile file(small_kernel());
  const auto kernel = KernelBtf::load(file.path());
  REQUIRE(kernel);
  CHECK(label_table("skb_drop_reason", kernel->enum_values("skb_drop_reason")) ==
        LabelTable{{1, "skb_consumed"}, {3, "no_socket"}});
  CHECK(kernel->enum_values("no_such_enum").empty());
  CHECK(label_table("x", {{0, "PRE_A_B"}, {1, "PRE_A_C"}}) == LabelTable{{0, "b"}, {1, "c"}});
}

TEST_CASE("what is no BTF is refused, never read beyond its end") {
  const LibbpfLog quiet;
  CHECK(KernelBtf::load("/nonexistent").error().kind == ErrorKind::kAbsent);
  CHECK_FALSE(KernelBtf::load("/dev/null"));
  const std::string good = small_kernel();
  for (std::size_t size = 0; size < good.size(); ++size) {
    const TemporaryFile cut(good.substr(0, size));
    CHECK_FALSE(KernelBtf::load(cut.path()));
  }
  // Every byte turned over: refused or readable, but asked without harm.
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bent = good;
    bent[i] = static_cast<char>(~bent[i]);
    const TemporaryFile file(bent);
    const auto kernel = KernelBtf::load(file.path());
    if (!kernel) continue;
    CHECK_NOTHROW(kernel->holds("tracepoint sched(task_struct, int)"));
    CHECK_NOTHROW(kernel->holds("field outer.hidden"));
    CHECK_NOTHROW(kernel->enum_values("skb_drop_reason"));
  }
}

TEST_CASE("keys with holes, wrong members and foreign values are refused") {
  btf* all = btf__new_empty();
  const int narrow = btf__add_int(all, "unsigned char", 1, 0);
  const int word = btf__add_int(all, "unsigned int", 4, 0);
  const int wide = btf__add_int(all, "unsigned long long", 8, 0);
  const int pointer = btf__add_ptr(all, 0);
  const auto id = [](int value) { return static_cast<std::uint32_t>(value); };
  const int hole = btf__add_struct(all, "hole", 8);
  btf__add_field(all, "a", narrow, 0, 0);
  btf__add_field(all, "b", word, 32, 0);
  const int tail = btf__add_struct(all, "tail", 16);
  btf__add_field(all, "a", wide, 0, 0);
  btf__add_field(all, "b", word, 64, 0);
  const int foreign = btf__add_struct(all, "foreign", 8);
  btf__add_field(all, "p", pointer, 0, 0);
  const int good = btf__add_struct(all, "good", 16);
  btf__add_field(all, "a", wide, 0, 0);
  btf__add_field(all, "b", word, 64, 0);
  btf__add_field(all, "pad", word, 96, 0);
  const int colour = btf__add_enum(all, "colour", 4);
  btf__add_enum_value(all, "red", 0);
  CHECK(key_layout(all, id(hole)).error().message.find("implicit padding before member 'b'") !=
        std::string::npos);
  CHECK(key_layout(all, id(tail)).error().message.find("at the end") != std::string::npos);
  CHECK(key_layout(all, id(foreign)).error().message.find("no label type") != std::string::npos);
  CHECK(key_layout(all, id(colour)).error().message.find("does not begin with") !=
        std::string::npos);
  const auto layout = key_layout(all, id(good));
  REQUIRE(layout);
  CHECK(layout->columns.size() == 2);
  CHECK(value_layout(all, id(wide)));
  CHECK_FALSE(value_layout(all, id(word)));
  CHECK_FALSE(value_layout(all, id(good)));
  CHECK_FALSE(value_layout(all, 0));
  CHECK_FALSE(key_layout(all, 12345));
  btf__free(all);
}

TEST_CASE("the verifier's last words are the reason") {
  const std::string log =
      "libbpf: prog 'on_x': BPF program load failed: Permission denied\n"
      "libbpf: prog 'on_x': -- BEGIN PROG LOAD LOG --\n"
      "0: R1=ctx()\n"
      "func 'block_rq_insert' doesn't have 2-th argument\n"
      "invalid bpf_context access off=8 size=8\n"
      "processed 22 insns (limit 1000000)\n"
      "-- END PROG LOAD LOG --\n"
      "libbpf: prog 'on_x': failed to load: -13\n"
      "libbpf: failed to load object 'x.bpf.o'\n";
  CHECK(failure_reason(log) == "invalid bpf_context access off=8 size=8");
  CHECK(failed_program(log) == "on_x");
  CHECK(failure_reason("libbpf: first\nlibbpf: second\n") == "first");
  CHECK(failure_reason("") == "");
  CHECK(failed_program("nothing here") == "");
}

TEST_CASE("a refused load says what stands in the way") {
  const std::string map_log =
      "libbpf: Error in bpf_create_map_xattr(m):Operation not permitted(-1). Retrying without "
      "BTF.\n"
      "libbpf: map 'm': failed to create: Operation not permitted(-1)\n"
      "libbpf: failed to load object 'x.bpf.o'\n";
  LoadCircumstances now{EPERM, map_log, "CAP_BPF", 0, ~0ULL};
  CHECK(load_error(now).kind == ErrorKind::kDenied);
  CHECK(load_error(now).message == "loading BPF needs CAP_BPF");
  now.missing = "";
  now.bpf_error = EPERM;
  CHECK(load_error(now).kind == ErrorKind::kDenied);
  CHECK(load_error(now).message.find("bpf(2) is refused: ") == 0);
  now.bpf_error = 0;
  now.memlock_bytes = 65536;
  CHECK(load_error(now).kind == ErrorKind::kDenied);
  CHECK(load_error(now).message == "RLIMIT_MEMLOCK is 64 KiB: set LimitMEMLOCK=infinity");
  now.memlock_bytes = ~0ULL;
  CHECK(load_error(now).kind == ErrorKind::kAbsent);
  CHECK(load_error(now).message == "map 'm': failed to create: Operation not permitted(-1)");
  now = {ENOMEM, "", "", 0, ~0ULL};
  CHECK(load_error(now).kind == ErrorKind::kSystem);
  now = {EINVAL, "", "", ENOSYS, ~0ULL};
  CHECK(load_error(now).message == "this kernel has no bpf(2)");
}

TEST_CASE("what lockdown forbids is denied, and is no want of the kernel") {
  for (const char* log : {"unknown func bpf_probe_read_kernel#113\n",
                          "program of this type cannot use helper bpf_probe_read_kernel#113\n"}) {
    LoadCircumstances now{EINVAL, log, "", 0, ~0ULL, true};
    CHECK(load_error(now).kind == ErrorKind::kDenied);
    CHECK(load_error(now).message.find("kernel lockdown (confidentiality)") == 0);
    now.confidential = false;
    CHECK(load_error(now).kind == ErrorKind::kAbsent);
    now = {EINVAL, "invalid bpf_context access off=8 size=8", "", 0, ~0ULL, true};
    CHECK(load_error(now).kind == ErrorKind::kAbsent);
  }
}
