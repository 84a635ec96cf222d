// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/os.h"

#include <chrono>
#include <cstdint>

#include "collectors/collector.h"
#include "collectors/support/labels.h"
#include "collectors/support/text.h"

namespace kernstat {
namespace {

constexpr Metric kInfo{"node_os_info", MetricType::kGauge,
                       "The distribution as os-release(5) describes it, always 1."};
constexpr Metric kVersion{"node_os_version", MetricType::kGauge,
                          "Major and minor number of VERSION_ID in os-release(5)."};
constexpr Metric kSupportEnd{"node_os_support_end_timestamp_seconds", MetricType::kGauge,
                             "Day on which support ends, SUPPORT_END of os-release(5)."};

struct FieldName {
  const char* key;
  const char* label;
};
constexpr FieldName kNames[OsRelease::kFields] = {{"BUILD_ID", "build_id"},
                                                  {"ID", "id"},
                                                  {"ID_LIKE", "id_like"},
                                                  {"IMAGE_ID", "image_id"},
                                                  {"IMAGE_VERSION", "image_version"},
                                                  {"NAME", "name"},
                                                  {"PRETTY_NAME", "pretty_name"},
                                                  {"VARIANT", "variant"},
                                                  {"VARIANT_ID", "variant_id"},
                                                  {"VERSION", "version"},
                                                  {"VERSION_CODENAME", "version_codename"},
                                                  {"VERSION_ID", "version_id"}};

class OsCollector final : public Sampled<OsRelease> {
 public:
  explicit OsCollector(const Host& host) {
    const std::string root = host.root.ends_with('/') ? host.root : host.root + "/";
    paths_[0] = root + "etc/os-release";
    paths_[1] = root + "usr/lib/os-release";
  }

 private:
  Result<void> read_into(OsRelease& sample, const Tick&) override {
    // Opened anew each time: an upgrade replaces the file.
    constexpr std::size_t kLimit = 65536;
    std::size_t used = 0;
    auto text = read_file(paths_[used], kLimit);
    if (!text && text.error().kind == ErrorKind::kAbsent) text = read_file(paths_[++used], kLimit);
    if (!text) return fail(text.error());
    auto parsed = parse_os_release(*text, sample);
    if (!parsed) return fail(paths_[used], parsed.error());
    return {};
  }
  void write_sample(const OsRelease& os, Families& out) const override {
    Labels all;
    for (std::size_t i = 0; i < OsRelease::kFields; ++i) all.add(kNames[i].label, os.fields[i]);
    out.family(kInfo);
    out.sample(all.text(), std::uint64_t{1});
    if (const auto version = major_minor(os.fields[OsRelease::kVersionId])) {
      const Labels labels = Labels("id", os.fields[OsRelease::kId])
                                .add("id_like", os.fields[OsRelease::kIdLike])
                                .add("name", os.fields[OsRelease::kName]);
      out.family(kVersion);
      out.sample(labels.text(), *version);
    }
    if (const auto end = date_seconds(os.support_end)) out.single(kSupportEnd, *end);
  }

  std::array<std::string, 2> paths_;
};

// Not in the cheap lane: the root file system may be a slow one.
const Registration kRegistration{
    {.name = "os",
     .help = "The distribution and its version, from /etc/os-release or /usr/lib/os-release.",
     .interval = std::chrono::seconds(60),
     .lane = Lane::kSlow,
     .options = {},
     .make = [](const Host& host, const Options&) -> Result<std::unique_ptr<Collector>> {
       return std::make_unique<OsCollector>(host);
     }}};

// What the shell would make of the right side of an assignment.
std::string unquote(std::string_view text) {
  std::string out;
  char quote = '\0';
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote && quote != '\0') {
      quote = '\0';
    } else if (c == '\\' && quote != '\'' && i + 1 < text.size()) {
      out += text[++i];
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

Result<void> parse_os_release(std::string_view text, OsRelease& into) {
  into = {};
  bool any = false;
  while (!text.empty()) {
    const std::string_view line = trim(next_line(text));
    const auto equals = line.find('=');
    if (equals == std::string_view::npos || line.starts_with('#')) continue;
    const std::string_view key = line.substr(0, equals);
    const std::string_view value = line.substr(equals + 1);
    if (key == "SUPPORT_END") into.support_end = unquote(value);
    for (std::size_t i = 0; i < OsRelease::kFields; ++i) {
      if (key != kNames[i].key) continue;
      into.fields[i] = unquote(value);
      any = true;
    }
  }
  if (!any) return fail(ErrorKind::kInvalid, "no field of os-release(5)");
  return {};
}

std::optional<double> major_minor(std::string_view version) {
  const auto digits = [&version](std::size_t from) {
    while (from < version.size() && version[from] >= '0' && version[from] <= '9') ++from;
    return from;
  };
  constexpr std::size_t kLongest = 15;
  std::size_t end = digits(0);
  if (end == 0) return std::nullopt;
  if (end < version.size() && version[end] == '.' && digits(end + 1) > end + 1) {
    end = digits(end + 1);
  }
  if (end > kLongest) return std::nullopt;
  return to_number<double>(version.substr(0, end));
}

std::optional<double> date_seconds(std::string_view date) {
  if (date.size() != 10 || date[4] != '-' || date[7] != '-') return std::nullopt;
  const auto year = to_number<std::uint16_t>(date.substr(0, 4));
  const auto month = to_number<std::uint8_t>(date.substr(5, 2));
  const auto day = to_number<std::uint8_t>(date.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day calendar{std::chrono::year(*year), std::chrono::month(*month),
                                             std::chrono::day(*day)};
  if (!calendar.ok()) return std::nullopt;
  const auto since = std::chrono::sys_days(calendar).time_since_epoch();
  return static_cast<double>(std::chrono::duration_cast<std::chrono::seconds>(since).count());
}

}  // namespace kernstat
