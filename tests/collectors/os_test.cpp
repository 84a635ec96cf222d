// SPDX-License-Identifier: Apache-2.0
// The collectors os and uname.
#include "collectors/proc/os.h"

#include <sys/utsname.h>

#include "tests/collectors/recorder.h"

namespace kernstat {

TEST_CASE("os-release is read with the shell's quoting") {
  OsRelease os;
  REQUIRE(
      parse_os_release("# a comment with ID=x\n"
                       "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"
                       "NAME='Some \"OS\"'\n"
                       "VERSION=\"a \\\"b\\\" \\$c \\\\d\"\n"
                       "\n"
                       "  ID=debian  \n"
                       "UNKNOWN=1\n"
                       "VERSION_ID=\"12",
                       os));
  CHECK(os.fields[OsRelease::kPrettyName] == "Debian GNU/Linux 12 (bookworm)");
  CHECK(os.fields[OsRelease::kName] == "Some \"OS\"");
  CHECK(os.fields[OsRelease::kVersion] == "a \"b\" $c \\d");
  CHECK(os.fields[OsRelease::kId] == "debian");
  CHECK(os.fields[OsRelease::kVersionId] == "12");
  CHECK(os.fields[OsRelease::kVariant].empty());
  for (const std::string& text : hostile_texts()) CHECK_FALSE(parse_os_release(text, os));
}

TEST_CASE("a version is its major and minor number") {
  CHECK(major_minor("12") == 12);
  CHECK(major_minor("22.04.1") == 22.04);
  CHECK(major_minor("9.4-beta") == 9.4);
  CHECK(major_minor("7.") == 7);
  CHECK_FALSE(major_minor(""));
  CHECK_FALSE(major_minor("rolling"));
  CHECK_FALSE(major_minor(std::string(400, '9')));
}

TEST_CASE("a date is its first second") {
  CHECK(date_seconds("1970-01-02") == 86400);
  CHECK(date_seconds("2028-06-30") == 1845936000);
  for (const char* bad :
       {"", "2028-6-30", "2028-13-01", "2028-02-30", "2028/06/30", "20x8-06-30"}) {
    CHECK_FALSE(date_seconds(bad));
  }
}

TEST_CASE("os is read from /etc, else from /usr/lib") {
  FakeHost files;
  Ticker ticker("os", files.host);
  const auto absent = ticker.tick();
  REQUIRE_FALSE(absent);
  CHECK(absent.error().kind == ErrorKind::kAbsent);
  files.write("root/usr/lib/os-release", "ID=debian\nVERSION_ID=12\n");
  REQUIRE(ticker.tick());
  CHECK(ticker.scrape().get("node_os_version{id=\"debian\",id_like=\"\",name=\"\"}") == 12);
  files.write("root/etc/os-release", "ID=fedora\nVERSION_ID=40\nSUPPORT_END=2025-05-13\n");
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  CHECK(out.get("node_os_version{id=\"fedora\",id_like=\"\",name=\"\"}") == 40);
  CHECK(out.get("node_os_support_end_timestamp_seconds") == 1747094400);
  CHECK(out.get("node_os_info{build_id=\"\",id=\"fedora\",id_like=\"\",image_id=\"\","
                "image_version=\"\",name=\"\",pretty_name=\"\",variant=\"\",variant_id=\"\","
                "version=\"\",version_codename=\"\",version_id=\"40\"}") == 1);
}

TEST_CASE("uname is that of the kernel") {
  ::utsname names{};
  REQUIRE(::uname(&names) == 0);
  Ticker ticker("uname", Host{});
  REQUIRE(ticker.tick());
  const Scraped out = ticker.scrape();
  REQUIRE(out.values.size() == 1);
  const std::string& series = out.values.begin()->first;
  CHECK(series.find("release=\"" + std::string(names.release) + "\"") != std::string::npos);
  CHECK(series.find("sysname=\"Linux\"") != std::string::npos);
}

}  // namespace kernstat
