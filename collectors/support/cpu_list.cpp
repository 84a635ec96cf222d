// SPDX-License-Identifier: Apache-2.0
#include "collectors/support/cpu_list.h"

#include <string>

#include "collectors/support/label_table.h"
#include "collectors/support/text.h"

namespace kernstat {

Result<void> parse_cpu_list(std::string_view text, std::vector<std::uint16_t>& into) {
  into.clear();
  std::string_view line;
  if (!next_whole_line(text, line)) return fail(ErrorKind::kInvalid, "cut in the middle of a line");
  line = trim(line);
  unsigned next = 0;  // the lowest number that may still come
  while (!line.empty()) {
    const auto comma = line.find(',');
    const std::string_view range = line.substr(0, comma);
    line.remove_prefix(comma == std::string_view::npos ? line.size() : comma + 1);
    const auto dash = range.find('-');
    const auto first = to_number<unsigned>(range.substr(0, dash));
    const auto last =
        dash == std::string_view::npos ? first : to_number<unsigned>(range.substr(dash + 1));
    if (!first || !last || *first < next || *last < *first || *last >= kMaxCpus) {
      return fail(ErrorKind::kInvalid,
                  "'" + std::string(range.substr(0, 32)) + "' is not a range of CPUs");
    }
    for (unsigned cpu = *first; cpu <= *last; ++cpu) {
      into.push_back(static_cast<std::uint16_t>(cpu));
    }
    next = *last + 1;
  }
  return {};
}

}  // namespace kernstat
