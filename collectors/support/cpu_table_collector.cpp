// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/cpu_table_collector.h"

namespace kernstat {

Result<void> CpuTableCollector::read_into(CpuTable& sample, const Tick& /*tick*/) {
  auto text = file_.read();
  if (!text) return fail(text.error());
  auto parsed = parse_cpu_table(*text, sample);
  if (!parsed) return fail(file_.path(), parsed.error());
  wide_.apply(sample);
  return {};
}

void CpuTableCollector::write_sample(const CpuTable& table, Families& out) const {
  out.family(metric_);
  if (rows_.size() < table.size()) rows_.resize(table.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    const RowLabels& row = labels_of(i, table[i]);
    if (!row.is_wanted) continue;
    for (std::size_t column = 0; column < table.cpus().size(); ++column) {
      const std::uint64_t value = table[i].values[column];
      if (value == 0 && !zeros_) continue;
      // Joined anew: a text for each of 256 CPUs by hundreds of rows would be megabytes.
      scratch_.assign(cpus_.cpu(table.cpus()[column])).append(row.labels);
      out.sample(scratch_, value);
    }
  }
}

const CpuTableCollector::RowLabels& CpuTableCollector::labels_of(std::size_t place,
                                                                 const CpuTable::Row& row) const {
  RowLabels& known = rows_[place];
  if (known.is_known && known.name == row.name && known.text == row.text) return known;
  known.name = row.name;
  known.text = row.text;
  known.is_known = true;
  const auto labels = describe_(row);
  known.is_wanted = labels.has_value();
  known.labels = labels ? "," + labels->text() : std::string();
  return known;
}

}  // namespace kernstat
