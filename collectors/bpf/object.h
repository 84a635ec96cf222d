// SPDX-License-Identifier: Apache-2.0
// One tool's BPF object: opened, loaded, its programs attached.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collectors/bpf/btf_schema.h"
#include "collectors/support/host.h"
#include "collectors/support/result.h"

struct bpf_link;
struct bpf_map;
struct bpf_object;
struct bpf_program;
struct btf;

namespace kernstat::bpf {

struct FreeObject {
  void operator()(bpf_object* p) const;
};
struct FreeLink {
  void operator()(bpf_link* p) const;
};
using Link = std::unique_ptr<bpf_link, FreeLink>;

/// What a failed load was about.
struct LoadFailure {
  std::string program;  ///< empty when no program is to blame
  int error_number = 0;
  Error error;      ///< the verifier's or libbpf's last words
  std::string log;  ///< everything they said
};

/// How often the kernel skipped a loaded program because it ran on that CPU already
/// (bpf_prog_info.recursion_misses, since 5.12; of tracepoints since 6.1). Nothing where the kernel
/// does not tell. Any thread.
std::optional<std::uint64_t> program_misses(int descriptor);

/// Owns a bpf_object: its maps and programs live as long as it does. One thread. Opening needs no
/// privilege.
class Object {
 public:
  /// Parses the ELF file `path`. `core_btf`: a BTF file to relocate against instead of the running
  /// kernel's, or empty.
  static Result<Object> open(const std::string& path, const std::string& core_btf = {});

  bool has_program(std::string_view name) const { return program(name) != nullptr; }
  bpf_program* program(std::string_view name) const;
  /// In the order of the file.
  std::vector<std::string> programs() const;
  /// "tp_btf/block_rq_complete"
  std::string section(std::string_view program_name) const;
  bpf_map* map(std::string_view name) const;
  /// All but those of global variables.
  std::vector<std::string> maps() const;
  const btf* types() const;

  /// Names of global variables in .bss that begin with `prefix`, without it.
  std::vector<std::string> variables(std::string_view prefix) const;
  bool has_variable(std::string_view name) const;

  bool has_parameter(std::string_view name) const;
  /// Before load(): sets a `const volatile` global of 1, 2, 4 or 8 bytes.
  Result<void> set_parameter(std::string_view name, std::int64_t value);
  /// Before load(): chooses what is loaded; the others are left out.
  void choose(const std::vector<std::string>& chosen);
  /// Nothing when it is loaded now. `host`: where its lockdown is read, should it be in the way.
  std::optional<LoadFailure> load(const Host& host);

  /// After load(): global variables of .bss, read from the kernel.
  Result<void> read_variables();
  /// The value of a 4- or 8-byte one at the last read_variables(); 0 when there is no such.
  std::uint64_t variable(std::string_view name) const;
  /// Its place, for variable_at(); nothing when there is no such.
  std::optional<std::size_t> find_variable(std::string_view name) const;
  std::uint64_t variable_at(std::size_t place) const;

 private:
  struct Variable {
    std::string name;
    std::size_t offset = 0;
    std::size_t size = 0;
  };

  explicit Object(bpf_object* p);
  std::vector<Variable> data_section(std::string_view section) const;

  std::unique_ptr<bpf_object, FreeObject> object_;
  std::vector<Variable> bss_;
  std::vector<Variable> rodata_;
  std::vector<std::byte> bss_bytes_;
};

}  // namespace kernstat::bpf
