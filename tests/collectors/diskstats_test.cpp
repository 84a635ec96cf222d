// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/diskstats.h"

#include <catch2/catch.hpp>

#include "collectors/support/labels.h"
#include "tests/collectors/collector_fixture.h"
#include "tests/page_text.h"

namespace kernstat {
namespace {

bool has(const std::string& text, const std::string& line) {
  return ("\n" + text).find("\n" + line + "\n") != std::string::npos;
}

// The disks of `text`, all wanted.
Rows<Disk> parsed(std::string_view text) {
  Rows<Disk> disks;
  parse_diskstats(text, disks);
  for (Disk& disk : disks) disk.labels = Labels("device", disk.name).text();
  return disks;
}

// One disk with these reads, busy milliseconds and requests in flight.
Rows<Disk> one(std::uint64_t reads, std::uint64_t busy, std::uint64_t in_flight = 0,
               const char* name = "sda") {
  return parsed("8 0 " + std::string(name) + " " + std::to_string(reads) + " 0 0 0 0 0 0 0 " +
                std::to_string(in_flight) + " " + std::to_string(busy) + " 0\n");
}

}  // namespace

TEST_CASE("diskstats reads lines of old and new kernels") {
  const auto disks = parsed(
      "   8       0 sda 1 2 3 4 5 6 7 8 9 10 11\n"
      "   8      16 sdb 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n"
      " 259       0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
      " 104       0 cciss/c0d0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18\n");
  REQUIRE(disks.size() == 4);
  CHECK(disks[0].columns == 11);
  CHECK(disks[1].columns == 15);
  CHECK(disks[2].columns == 17);
  CHECK(disks[3].columns == 17);
  CHECK(disks[2].major == 259);
  CHECK(disks[2].name == "nvme0n1");
  CHECK(disks[2].values[kFlushTime] == 17);
}

TEST_CASE("diskstats leaves out lines that are cut, short or absurd") {
  CHECK(parsed("").empty());
  CHECK(parsed("8 0 sda 1 2 3 4 5 6 7 8 9 10 11").empty());
  CHECK(parsed("8 0 sda 1 2 3 4 5 6 7 8 9 10\n").empty());
  CHECK(parsed("8 0 sda 1 2 3 4 5 6 7 8 9 10 99999999999999999999\n").empty());
  CHECK(parsed("8 0 sda 1 2 3 4 -5 6 7 8 9 10 11\n").empty());
  CHECK(parsed("x 0 sda 1 2 3 4 5 6 7 8 9 10 11\n\n \n").empty());
  CHECK(parsed("8 0 " + std::string(100'000, 'a') + " 1 2 3 4 5 6 7 8 9 10 11\n").empty());
  CHECK(parsed(std::string_view("8 0 sda 1 2 \0 4 5 6 7 8 9 10 11\n", 33)).empty());
  const auto disks = parsed("8 0 sda 1 2\n8 1 sdb 1 2 3 4 5 6 7 8 9 10 11 12\n");
  REQUIRE(disks.size() == 1);
  CHECK(disks[0].name == "sdb");
  CHECK(disks[0].columns == 11);
}

TEST_CASE("diskstats times go on when 32 bits wrap") {
  DiskHistory history;
  auto disks = one(10, 4'294'967'000);
  history.follow(disks);
  CHECK(disks[0].values[kBusyTime] == 4'294'967'000);
  const auto life = disks[0].life;
  disks = one(11, 704);
  history.follow(disks);
  CHECK(disks[0].values[kBusyTime] == 4'294'968'000);
  disks = one(11, 704);
  history.follow(disks);
  CHECK(disks[0].values[kBusyTime] == 4'294'968'000);
  CHECK(disks[0].life == life);
}

TEST_CASE("diskstats holds a time that goes back by itself") {
  DiskHistory history;
  auto disks = one(10, 5000);
  history.follow(disks);
  disks = one(12, 4990);
  history.follow(disks);
  CHECK(disks[0].values[kBusyTime] == 5000);
  disks = one(12, 5010);
  history.follow(disks);
  CHECK(disks[0].values[kBusyTime] == 5020);
}

TEST_CASE("diskstats: a device that comes anew begins anew") {
  DiskHistory history;
  auto disks = one(10, 5000);
  history.follow(disks);
  const auto life = disks[0].life;
  disks = one(3, 20);
  history.follow(disks);
  CHECK(disks[0].values[kBusyTime] == 20);
  CHECK(disks[0].life != life);
  // Gone for a tick, and back with more.
  disks = one(1, 1, 0, "sdb");
  history.follow(disks);
  disks = one(100, 40);
  history.follow(disks);
  CHECK(disks[0].values[kBusyTime] == 40);
}

TEST_CASE("diskstats folds requests in flight and the busy ratio") {
  DiskHistory history;
  DiskFolds folds;
  auto before = one(10, 1000, 0);
  auto now = one(20, 1500, 3);
  history.follow(before);
  history.follow(now);
  folds.fold(before, now, 2);
  const std::string text = page_text([&](Families& out) { folds.write(out); });
  CHECK(has(text, "kernstat_disk_busy_ratio_sum{device=\"sda\"} 0.25"));
  CHECK(has(text, "kernstat_disk_inflight_requests_sum{device=\"sda\"} 3"));
  CHECK(has(text, "kernstat_disk_inflight_requests_bucket{device=\"sda\",le=\"2.0\"} 0"));
  CHECK(has(text, "kernstat_disk_inflight_requests_bucket{device=\"sda\",le=\"4.0\"} 1"));
  // Another device under the name: no ratio over that step, and a new histogram.
  auto other = one(1, 900, 1);
  history.follow(other);
  folds.fold(now, other, 1);
  const std::string after = page_text([&](Families& out) { folds.write(out); });
  CHECK(has(after, "kernstat_disk_busy_ratio_count{device=\"sda\"} 0"));
  folds.fold(other, parsed(""), 1);
  CHECK(page_text([&](Families& out) { folds.write(out); }).empty());
}

TEST_CASE("udev data gives properties") {
  const auto udev = parse_udev_data("S:x\nE:A=1=2\nE:=3\nE:B\nE:C=\nE:D=cut");
  CHECK(udev == UdevProperties{{"A", "1=2"}, {"C", ""}});
  CHECK(parse_udev_data("").empty());
}

TEST_CASE("the serial number is the one on the label") {
  const auto serial = [](const UdevProperties& udev) {
    const std::string info = make_disk_info("sda", 8, 0, "1", udev).info;
    const auto begin = info.find("serial=\"") + 8;
    return info.substr(begin, info.find('"', begin) - begin);
  };
  CHECK(serial({{"ID_SERIAL", "c"}, {"ID_SERIAL_SHORT", "b"}, {"SCSI_IDENT_SERIAL", "a"}}) == "a");
  CHECK(serial({{"ID_SERIAL", "c"}, {"ID_SERIAL_SHORT", "b"}}) == "b");
  CHECK(serial({{"ID_SERIAL", "c"}}) == "c");
  CHECK(serial({}).empty());
}

TEST_CASE("diskstats serves disks, not their partitions") {
  const auto collector = made_collector("diskstats", fixture_host());
  REQUIRE(tick(*collector).empty());
  const std::string text = collector_text(*collector);
  CHECK(text.find("sda1") == std::string::npos);
  CHECK(text.find("loop0") == std::string::npos);
  CHECK(text.find("nvme0n1p1") == std::string::npos);
  CHECK(has(text, "node_disk_reads_completed_total{device=\"sda\"} 25354637"));
  CHECK(has(text, "node_disk_read_bytes_total{device=\"nvme0n1\"} 2377714176"));
  CHECK(has(text, "node_disk_write_time_seconds_total{device=\"dm-0\"} 1045.248"));
  CHECK(has(text, "node_disk_io_now{device=\"dm-0\"} 2"));
  CHECK(has(text, "node_disk_flush_requests_time_seconds_total{device=\"sda\"} 1.944"));
  CHECK(has(text,
            "node_disk_info{device=\"sda\",major=\"8\",minor=\"0\",model=\"SuperMicro_SSD\","
            "path=\"pci-0000:00:1f.2-ata-1\",revision=\"0R\",rotational=\"0\","
            "serial=\"SMC0E1B87ZBQ\",wwn=\"0x5002538d00000000\"} 1"));
  CHECK(has(text, "node_disk_ata_write_cache{device=\"sda\"} 1"));
  CHECK(has(text, "node_disk_ata_write_cache_enabled{device=\"sda\"} 0"));
  CHECK(has(text, "node_disk_ata_rotation_rate_rpm{device=\"sda\"} 0"));
  CHECK(has(text,
            "node_disk_filesystem_info{device=\"dm-0\",type=\"ext4\",usage=\"filesystem\","
            "uuid=\"b04e02bd-5b37-4c22-96bd-12d3b7a9d1a5\",version=\"1.0\"} 1"));
  CHECK(text.find("node_disk_device_mapper_info{device=\"dm-0\",lv_layer=\"\",lv_name=\"root\","
                  "name=\"vg0-root\",") != std::string::npos);
}

TEST_CASE("diskstats without its file is unsupported") {
  const auto read = made_collector("diskstats", fixture_host("nothing"))->read({1, 1});
  REQUIRE_FALSE(read);
  CHECK(read.error().kind == ErrorKind::kAbsent);
}

}  // namespace kernstat
