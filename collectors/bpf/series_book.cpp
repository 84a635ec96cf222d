// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/series_book.h"

#include <algorithm>
#include <numeric>

#include "collectors/support/labels.h"

namespace kernstat::bpf {
namespace {

void add_words(std::vector<std::uint64_t>& into, std::span<const std::uint64_t> words) {
  if (into.empty()) into.resize(words.size());
  for (std::size_t i = 0; i < words.size(); ++i) into[i] += words[i];
}

bool is_zero(const std::vector<std::uint64_t>& words) {
  return std::all_of(words.begin(), words.end(), [](std::uint64_t w) { return w == 0; });
}

}  // namespace

bool is_other_key(std::span<const std::byte> key) {
  return std::all_of(key.begin(), key.end(), [](std::byte b) { return b == std::byte{0xff}; });
}

SeriesBook::SeriesBook(KeyLayout key, std::vector<MetricView> metrics, Options options)
    : layout_(std::move(key)), options_(options) {
  const std::vector<std::string> others(layout_.columns.size(), "other");
  for (MetricView& view : metrics) {
    Metric& metric = metrics_.emplace_back();
    metric.view = std::move(view);
  }
  for (Metric& metric : metrics_) {
    metric.other = group(metric, others, !metric.view.is_total);
    metric.other->is_fixed = metric.view.is_total;
  }
}

void SeriesBook::announce_symbols(const Rows& rows, Names& names, std::int64_t now_ns) {
  wanted_.clear();
  for (const Column& column : layout_.columns) {
    if (!column.is_symbol) continue;
    for (std::size_t i = 0; i < rows.count; ++i) {
      const auto known = keys_.find(text_of(rows.key(i)));
      if (known != keys_.end() && known->second.life != Life::kUnnamed) continue;
      if (is_other_key(rows.key(i))) continue;
      wanted_.push_back(number_of(rows.key(i).subspan(column.offset, column.size)));
    }
  }
  if (!wanted_.empty()) names.want_symbols(wanted_, now_ns);
}

Life SeriesBook::decode(std::span<const std::byte> key, Names& names,
                        std::vector<std::string>& texts) const {
  Life life = Life::kAlive;
  for (const Column& column : layout_.columns) {
    std::string& text = texts.emplace_back();
    const auto bytes = key.subspan(column.offset, column.size);
    life = std::max(life, column.decode(bytes, column.table, names, text));
  }
  return life;
}

SeriesBook::Group* SeriesBook::group(Metric& metric, const std::vector<std::string>& texts,
                                     bool is_other) {
  Labels labels;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string& name = metric.view.label_names[i];
    if (!name.empty()) labels.add(name, texts[i]);
  }
  for (const auto& [name, value] : metric.view.set) labels.add(name, value);
  const auto found = metric.groups.find(labels.text());
  if (found != metric.groups.end()) return found->second.get();
  auto made = std::make_unique<Group>();
  made->labels = std::make_shared<const std::string>(labels.text());
  made->words.resize(metric.view.words);
  made->is_other = is_other;
  Group* result = made.get();
  metric.groups.emplace(std::string_view(*result->labels), std::move(made));
  return result;
}

void SeriesBook::assign(Key& key, std::span<const std::byte> bytes, Names& names) {
  std::vector<std::string> texts;
  const bool is_other = is_other_key(bytes);
  if (is_other) {
    texts.assign(layout_.columns.size(), "other");
  } else {
    const bool has_name = !key.groups.empty() && key.life != Life::kUnnamed;
    const Life life = decode(bytes, names, texts);
    // A name that was forgotten meanwhile is still right.
    if (life == Life::kUnnamed && has_name) return;
    key.life = life;
  }
  const std::vector<Group*> before = std::move(key.groups);
  key.groups.clear();
  for (Metric& metric : metrics_) {
    const bool waits = key.life == Life::kUnnamed && !metric.view.is_total;
    Group* mine = waits ? nullptr : group(metric, texts, is_other);
    if (mine != nullptr) ++mine->live;
    key.groups.push_back(mine);
  }
  for (std::size_t i = 0; i < before.size(); ++i) release(i, before[i]);
}

// A name changed or went: every key says anew what it is.
void SeriesBook::rename(Names& names) {
  for (auto& [bytes, key] : keys_) {
    assign(key, std::as_bytes(std::span(bytes.data(), bytes.size())), names);
  }
}

// One key less. Without any, the series ends: what it had counted lives on in `other`.
void SeriesBook::release(std::size_t metric, Group* group) {
  if (group == nullptr || --group->live > 0 || group->is_other || group->is_fixed) return;
  Metric& mine = metrics_[metric];
  if (!mine.view.is_gauge && !group->base.empty()) add_words(mine.other->base, group->base);
  mine.groups.erase(std::string_view(*group->labels));
}

SeriesBook::Key& SeriesBook::find(std::span<const std::byte> bytes, Names& names,
                                  std::int64_t now_ns) {
  const auto known = keys_.find(text_of(bytes));
  if (known != keys_.end()) {
    if (known->second.life == Life::kUnnamed) assign(known->second, bytes, names);
    return known->second;
  }
  Key& key = keys_.emplace(std::string(text_of(bytes)), Key{}).first->second;
  key.moved_ns = now_ns;
  key.is_pinned = pinned_.find(text_of(bytes)) != pinned_.end() || is_other_key(bytes);
  assign(key, bytes, names);
  return key;
}

bool SeriesBook::should_leave(const Key& key, std::int64_t now_ns) const {
  if (!options_.is_map || key.is_pinned || key.life == Life::kUnnamed) return false;
  if (key.life == Life::kGone) return true;
  return options_.idle_ns > 0 && now_ns - key.moved_ns > options_.idle_ns;
}

void SeriesBook::count(const Key& key, std::span<const std::uint64_t> value, bool for_good) {
  for (std::size_t i = 0; i < metrics_.size(); ++i) {
    if (key.groups[i] == nullptr) continue;
    const MetricView& view = metrics_[i].view;
    const auto words = value.subspan(view.word, view.words);
    add_words(for_good ? key.groups[i]->base : key.groups[i]->words, words);
  }
}

void SeriesBook::update(const Rows& rows, Names& names, std::uint64_t epoch, std::int64_t now_ns,
                        const Take& take) {
  ++round_;
  announce_symbols(rows, names, now_ns);
  if (epoch != epoch_) rename(names);
  epoch_ = epoch;
  row_keys_.assign(rows.count, nullptr);
  // Keys that leave go first, so that their numbers are in `base` before the sums are made.
  for (std::size_t i = 0; i < rows.count; ++i) {
    Key& key = find(rows.key(i), names, now_ns);
    row_keys_[i] = &key;
    const auto value = rows.value(i);
    const std::uint64_t checksum = std::accumulate(value.begin(), value.end(), std::uint64_t{0});
    if (checksum != key.checksum) key.moved_ns = now_ns;
    key.checksum = checksum;
    key.round = round_;
    if (!should_leave(key, now_ns) || !take(rows.key(i), last_)) continue;
    count(key, last_, true);
    key.round = 0;
    row_keys_[i] = nullptr;
  }
  drop_unseen();
  for (Metric& metric : metrics_) {
    for (auto& [labels, group] : metric.groups) {
      group->words.assign(metric.view.words, 0);
      if (!group->base.empty()) group->words = group->base;
    }
  }
  for (std::size_t i = 0; i < rows.count; ++i) {
    if (row_keys_[i] != nullptr) count(*row_keys_[i], rows.value(i), false);
  }
}

void SeriesBook::drop_unseen() {
  for (auto it = keys_.begin(); it != keys_.end();) {
    if (it->second.round == round_) {
      ++it;
      continue;
    }
    for (std::size_t i = 0; i < metrics_.size(); ++i) release(i, it->second.groups[i]);
    if (options_.is_map) ++aged_;
    it = keys_.erase(it);
  }
}

void SeriesBook::show(std::size_t i, Shown& into) const {
  const Metric& metric = metrics_[i];
  std::size_t count = 0;
  into.words.clear();
  for (const auto& [labels, group] : metric.groups) {
    const bool hidden = group->is_other && is_zero(group->words);
    if (hidden || (!group->is_fixed && !group->is_other && group->live == 0)) continue;
    if (count == into.series.size()) into.series.emplace_back();
    Shown::Series& series = into.series[count++];
    // Mostly the same as last time: then nobody counts its owners.
    if (series.labels != group->labels) series.labels = group->labels;
    series.offset = into.words.size();
    into.words.insert(into.words.end(), group->words.begin(), group->words.end());
  }
  into.series.resize(count);
}

}  // namespace kernstat::bpf
