// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/named_values.h"

#include "collectors/support/interned.h"
#include "collectors/support/keyed_values.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

// Words of the kernel's are shorter; the bound keeps names out of a broken file short.
constexpr std::size_t kLongestWord = 64;

bool is_word(std::string_view text) { return text.size() <= kLongestWord && is_metric_word(text); }

bool is_key(std::string_view key, std::string_view group, std::string_view field) {
  return key.size() == group.size() + 1 + field.size() && key.starts_with(group) &&
         key[group.size()] == '_' && key.ends_with(field);
}

}  // namespace

NamedValue* NamedValues::append(std::string_view group, std::string_view field) {
  if (rows_.size() == kMaxRows || !is_word(group) || !is_word(field)) return nullptr;
  NamedValue& row = rows_.add();
  if (!is_key(row.key, group, field)) {
    row.key.assign(group).append("_").append(field);
    row.decided = false;
  }
  return &row;
}

void NamedValues::add(std::string_view group, std::string_view field, std::string_view text) {
  const bool negative = text.starts_with('-');
  const auto magnitude = to_number<std::uint64_t>(text.substr(negative ? 1 : 0));
  if (!magnitude) return;
  if (NamedValue* const row = append(group, field)) {
    row->value = *magnitude;
    row->negative = negative;
  }
}

void NamedValues::add(std::string_view group, std::string_view field, std::uint64_t value) {
  if (NamedValue* const row = append(group, field)) {
    row->value = value;
    row->negative = false;
  }
}

void NamedValues::name(NamedValue& row, std::string_view prefix, MetricType type,
                       std::string_view help_source) {
  std::string name(prefix);
  name += row.key;
  std::string help = row.key;
  help.append(help_source);
  row.metric = {interned(name), type, interned(help)};
}

void NamedValues::write(Families& out) const {
  for (const NamedValue& row : rows_) {
    if (!row.wanted) continue;
    out.family(row.metric);
    if (row.negative) {
      out.sample({}, row.number());
    } else {
      out.sample({}, row.value);
    }
  }
}

const NamedValue* NamedValues::find(std::string_view key) const {
  for (const NamedValue& row : rows_) {
    if (row.key == key) return &row;
  }
  return nullptr;
}

}  // namespace kernstat
