// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/join_btf.h"

#include <bpf/btf.h>

#include <catch2/catch.hpp>
#include <cstdint>
#include <string>

using namespace kernstat::bpf;

namespace {

// A module's types: a struct of its own that has one of the kernel's, what points to it, a
// function, an enum.
btf* module_of(btf* kernel, int number, const std::string& name) {
  btf* all = btf__new_empty_split(kernel);
  const int array = btf__add_array(all, number, number, 3);
  const int own = btf__add_struct(all, name.c_str(), 16);
  btf__add_field(all, ("count_" + name).c_str(), number, 0, 0);
  btf__add_field(all, ("many_" + name).c_str(), array, 32, 0);
  const int pointer = btf__add_ptr(all, own);
  const int prototype = btf__add_func_proto(all, number);
  btf__add_func_param(all, ("argument_" + name).c_str(), pointer);
  btf__add_func(all, ("function_" + name).c_str(), BTF_FUNC_GLOBAL, prototype);
  btf__add_enum(all, ("enum_" + name).c_str(), 4);
  btf__add_enum_value(all, ("value_" + name).c_str(), 7);
  const int variable = btf__add_var(all, ("variable_" + name).c_str(), BTF_VAR_STATIC, own);
  btf__add_datasec(all, ("section_" + name).c_str(), 16);
  btf__add_datasec_var_info(all, variable, 0, 16);
  return all;
}

const btf_type* type_of(const btf* all, std::uint32_t id) { return btf__type_by_id(all, id); }
const btf_type* find(const btf* all, const std::string& name, std::uint32_t kind) {
  const int id = btf__find_by_name_kind(all, name.c_str(), kind);
  REQUIRE(id > 0);
  return type_of(all, static_cast<std::uint32_t>(id));
}
std::string name_of(const btf* all, std::uint32_t offset) {
  return btf__name_by_offset(all, offset);
}

void check_module(const btf* all, const std::string& name) {
  const btf_type* own = find(all, name, BTF_KIND_STRUCT);
  REQUIRE(btf_vlen(own) == 2);
  const btf_member* members = btf_members(own);
  CHECK(name_of(all, members[0].name_off) == "count_" + name);
  CHECK(name_of(all, type_of(all, members[0].type)->name_off) == "int");
  CHECK(name_of(all, members[1].name_off) == "many_" + name);
  const btf_type* array = type_of(all, members[1].type);
  REQUIRE(btf_is_array(array));
  CHECK(name_of(all, type_of(all, btf_array(array)->type)->name_off) == "int");
  CHECK(btf_array(array)->nelems == 3);
  const btf_type* prototype = type_of(all, find(all, "function_" + name, BTF_KIND_FUNC)->type);
  REQUIRE(btf_is_func_proto(prototype));
  CHECK(name_of(all, btf_params(prototype)[0].name_off) == "argument_" + name);
  CHECK(type_of(all, type_of(all, btf_params(prototype)[0].type)->type) == own);
  const btf_type* values = find(all, "enum_" + name, BTF_KIND_ENUM);
  CHECK(name_of(all, btf_enum(values)[0].name_off) == "value_" + name);
  CHECK(btf_enum(values)[0].val == 7);
  const btf_type* section = find(all, "section_" + name, BTF_KIND_DATASEC);
  const btf_type* variable = type_of(all, btf_var_secinfos(section)[0].type);
  CHECK(name_of(all, variable->name_off) == "variable_" + name);
  CHECK(type_of(all, variable->type) == own);
}

}  // namespace

TEST_CASE("types of several modules are joined with those of the kernel") {
  btf* kernel = btf__new_empty();
  const int number = btf__add_int(kernel, "int", 4, BTF_INT_SIGNED);
  btf__add_struct(kernel, "task_struct", 8);
  btf__add_field(kernel, "pid", number, 0, 0);
  btf* first = module_of(kernel, number, "one");
  btf* second = module_of(kernel, number, "two");
  btf* third = module_of(kernel, number, "three");
  const auto bytes = joined_btf(kernel, {first, second, third});
  btf* all = btf__new(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  REQUIRE(all != nullptr);
  CHECK(btf__type_cnt(all) ==
        btf__type_cnt(kernel) + 3 * (btf__type_cnt(first) - btf__type_cnt(kernel)));
  CHECK(name_of(all, btf_members(find(all, "task_struct", BTF_KIND_STRUCT))[0].name_off) == "pid");
  for (const char* name : {"one", "two", "three"}) check_module(all, name);
  for (btf* each : {all, third, second, first, kernel}) btf__free(each);
}

TEST_CASE("a kernel without modules is what it was") {
  btf* kernel = btf__new_empty();
  btf__add_int(kernel, "int", 4, BTF_INT_SIGNED);
  const auto bytes = joined_btf(kernel, {});
  btf* all = btf__new(bytes.data(), static_cast<std::uint32_t>(bytes.size()));
  REQUIRE(all != nullptr);
  CHECK(btf__type_cnt(all) == 2);
  btf__free(all);
  btf__free(kernel);
}
