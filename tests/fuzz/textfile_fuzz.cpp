// SPDX-License-Identifier: Apache-2.0
// Any bytes as a text file: read, merged with itself and said.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "collectors/proc/textfile_merge.h"
#include "tests/page_text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kernstat;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  std::vector<std::shared_ptr<const ReadTextFile>> files;
  // Two files out of one input, so that families can be in conflict.
  const std::size_t half = text.find('\0');
  for (const std::string_view part :
       {text.substr(0, half), half == std::string_view::npos ? text : text.substr(half + 1)}) {
    auto file = std::make_shared<ReadTextFile>();
    file->path = "file" + std::to_string(files.size());
    file->problem = parse_textfile(part, 100, file->content, file->dropped);
    files.push_back(std::move(file));
  }
  const TextExposition exposition(std::move(files), 150, {});
  const std::string said = page_text([&](Families& out) { exposition.write(out); });
  // What a page drops was a series twice, or a family with two types: the merge must have seen it.
  if (said.find("!! dropped") != std::string::npos &&
      said.find("_textfile_") == std::string::npos) {
    std::abort();
  }
  return 0;
}
