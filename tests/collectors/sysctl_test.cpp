// SPDX-License-Identifier: Apache-2.0
// The collectors that read single numbers of /proc/sys: entropy, filefd, kernel_hung.
#include "collectors/proc/filefd.h"
#include "collectors/support/single_number.h"
#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("file-nr has three numbers") {
  FileHandles handles;
  REQUIRE(parse_file_nr("699\t0\t9223372036854775807\n", handles));
  CHECK(handles.allocated == 699);
  CHECK(handles.maximum == 9223372036854775807U);
  for (const char* bad : {"699\t0\n", "699\t0\t1", "a b c\n", "1 2 99999999999999999999\n"}) {
    CHECK_FALSE(parse_file_nr(bad, handles));
  }
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_file_nr(text, handles));
}

TEST_CASE("a single number is one number on one line") {
  std::uint64_t number = 7;
  REQUIRE(parse_single_number(" 256 \n", number));
  CHECK(number == 256);
  for (const char* bad : {"256", "2 56\n", "0x10\n", "-1\n", "\n"}) {
    CHECK_FALSE(parse_single_number(bad, number));
  }
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_single_number(text, number));
  CHECK(number == 256);
}

TEST_CASE("entropy, open files and hung tasks are exported") {
  FakeHost files;
  files.write("proc/sys/kernel/random/entropy_avail", "128\n");
  files.write("proc/sys/kernel/random/poolsize", "256\n");
  files.write("proc/sys/fs/file-nr", "699\t0\t1000\n");
  files.write("proc/sys/kernel/hung_task_detect_count", "3\n");
  Ticker entropy("entropy", files.host);
  Ticker filefd("filefd", files.host);
  Ticker hung("kernel_hung", files.host);
  REQUIRE(entropy.tick());
  REQUIRE(filefd.tick());
  REQUIRE(hung.tick());
  CHECK(entropy.scrape().get("node_entropy_available_bits") == 128);
  CHECK(entropy.scrape().get("node_entropy_pool_size_bits") == 256);
  CHECK(filefd.scrape().get("node_filefd_allocated") == 699);
  CHECK(filefd.scrape().get("node_filefd_maximum") == 1000);
  CHECK(hung.scrape().get("node_kernel_hung_tasks_total") == 3);
}

TEST_CASE("a kernel that does not count hung tasks is unsupported") {
  FakeHost files;
  Ticker hung("kernel_hung", files.host);
  const auto result = hung.tick();
  REQUIRE_FALSE(result);
  CHECK(result.error().kind == ErrorKind::kAbsent);
}

}  // namespace kernstat
