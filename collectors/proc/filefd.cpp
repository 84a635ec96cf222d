// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/filefd.h"

#include "collectors/collector.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kAllocated{"node_filefd_allocated", MetricType::kGauge,
                            "Open files of the host, from /proc/sys/fs/file-nr."};
constexpr Metric kMaximum{"node_filefd_maximum", MetricType::kGauge,
                          "Limit of open files of the host, from /proc/sys/fs/file-nr."};

void write_filefd(const FileHandles& handles, Families& out) {
  out.single(kAllocated, handles.allocated);
  out.single(kMaximum, handles.maximum);
}

const Registration kRegistration{
    {.name = "filefd",
     .help = "Open files of the host and their limit, from /proc/sys/fs/file-nr.",
     .interval = std::chrono::seconds(5),
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<FileCollector<FileHandles>>(host.proc_path("sys/fs/file-nr"),
                                                           parse_file_nr, write_filefd);
     }}};

}  // namespace

Result<void> parse_file_nr(std::string_view text, FileHandles& into) {
  std::string_view line;
  if (!next_whole_line(text, line)) return fail(ErrorKind::kInvalid, "cut in the middle of a line");
  const auto allocated = next_number<std::uint64_t>(line);
  const auto free = next_number<std::uint64_t>(line);
  const auto maximum = next_number<std::uint64_t>(line);
  if (!allocated || !free || !maximum) {
    return fail(ErrorKind::kInvalid, "not three numbers: allocated, free, maximum");
  }
  into = {*allocated, *maximum};
  return {};
}

}  // namespace kernstat
