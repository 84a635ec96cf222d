// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/cpu_table.h"

#include <algorithm>

#include "collectors/support/label_table.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

bool parse_header(std::string_view line, std::vector<std::uint16_t>& cpus) {
  cpus.clear();
  constexpr std::string_view kPrefix = "CPU";
  for (auto field = next_field(line); !field.empty(); field = next_field(line)) {
    if (!field.starts_with(kPrefix)) return false;
    const auto cpu = to_number<std::uint16_t>(field.substr(kPrefix.size()));
    if (!cpu || *cpu >= kMaxCpus || (!cpus.empty() && *cpu <= cpus.back())) return false;
    cpus.push_back(*cpu);
  }
  return !cpus.empty();
}

// One row's numbers and text; false when it is not whole.
bool parse_row(std::string_view line, std::size_t columns, CpuTable::Row& row) {
  row.values.clear();
  for (std::size_t i = 0; i < columns; ++i) {
    const auto value = next_number<std::uint64_t>(line);
    if (!value) return false;
    row.values.push_back(*value);
  }
  row.text = trim(line);
  return true;
}

}  // namespace

Result<void> parse_cpu_table(std::string_view text, CpuTable& into) {
  into.used_ = 0;
  std::string_view line;
  if (!next_whole_line(text, line) || !parse_header(line, into.cpus_)) {
    into.cpus_.clear();
    return fail(ErrorKind::kInvalid, "the first line does not name the CPUs");
  }
  bool changed = false;
  while (into.used_ < CpuTable::kMaxRows && next_whole_line(text, line)) {
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = trim(line.substr(0, colon));
    if (name.empty()) continue;
    if (into.used_ == into.rows_.size()) into.rows_.emplace_back();
    CpuTable::Row& row = into.rows_[into.used_];
    if (changed || row.name != name) {
      // The same names at the same places as last time are known to differ.
      changed = true;
      const auto end = into.rows_.begin() + static_cast<std::ptrdiff_t>(into.used_);
      if (std::any_of(into.rows_.begin(), end, [&](const auto& r) { return r.name == name; })) {
        continue;
      }
      row.name = name;
    }
    if (parse_row(line.substr(colon + 1), into.cpus_.size(), row)) {
      ++into.used_;
    } else {
      changed = true;  // its place is taken by the next row
    }
  }
  return {};
}

WideTable::Row& WideTable::row_at(std::size_t place, const std::string& name) {
  if (place >= rows_.size()) rows_.emplace_back();
  if (rows_[place].name == name) return rows_[place];
  // Rows have come or gone: those that stay move up, with their counters.
  const auto from = rows_.begin() + static_cast<std::ptrdiff_t>(place);
  const auto found = std::find_if(from, rows_.end(), [&](const Row& r) { return r.name == name; });
  if (found != rows_.end()) {
    std::rotate(from, found, found + 1);
  } else {
    rows_.insert(from, Row{name, {}});
  }
  return rows_[place];
}

void WideTable::apply(CpuTable& table) {
  for (std::size_t i = 0; i < table.size(); ++i) {
    Row& row = row_at(i, table[i].name);
    const std::size_t needed = std::size_t{table.cpus().back()} + 1;
    if (row.counters.size() < needed) row.counters.resize(needed);
    for (std::size_t column = 0; column < table.cpus().size(); ++column) {
      std::uint64_t& value = table[i].values[column];
      value = row.counters[table.cpus()[column]].follow(static_cast<std::uint32_t>(value));
    }
  }
  if (rows_.size() > table.size()) rows_.resize(table.size());
}

}  // namespace kernstat
