// SPDX-License-Identifier: Apache-2.0
#include "collectors/proc/textfile.h"

#include <fcntl.h>
#include <glob.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "collectors/collector.h"
#include "collectors/options.h"
#include "collectors/support/fd.h"

namespace kernstat {
namespace {

// Where Debian's packages leave their files.
constexpr const char* kUsualDirectory = "/var/lib/prometheus/node-exporter";
// File systems round times, to a kernel tick or to two seconds: a file that was written later than
// this before it was looked at may have been written once more at the same time.
constexpr std::int64_t kSettleSeconds = 3;
// Patterns can match new directories at any time, which no stamp shows.
constexpr std::uint64_t kGlobEvery = 12;

TextProblem unreadable(std::string message) {
  return {TextProblemKind::kUnreadable, 0, std::move(message)};
}

// All files together may hold as much text as so many files of the largest size.
constexpr std::size_t kMostFilesBytes = 8;
constexpr std::size_t kMostFiles = 1000;

std::shared_ptr<const ReadTextFile> too_much(const ReadTextFile& file) {
  auto left_out = std::make_shared<ReadTextFile>();
  left_out->path = file.path;
  left_out->problem = {TextProblemKind::kLimit, 0,
                       "the files before hold as much text as is read (8 times file_bytes)"};
  return left_out;
}

class Textfile final : public Collector {
 public:
  explicit Textfile(TextDirectory directory) : directory_(std::move(directory)) {}

  Result<void> read(const Tick&) override {
    if (auto exposition = directory_.scan()) next_ = std::move(exposition);
    return {};
  }
  void publish() override { latest_ = next_; }
  void write(Families& out, bool current) const override {
    if (current && latest_) latest_->write(out);
  }
  std::string_view problem() const override {
    return latest_ ? std::string_view(latest_->problem()) : std::string_view();
  }

 private:
  TextDirectory directory_;
  std::shared_ptr<const TextExposition> next_;
  std::shared_ptr<const TextExposition> latest_;
};

const Registration kRegistration{
    {.name = "textfile",
     .help = "Metrics that other programs leave in *.prom files (text format 0.0.4).",
     .interval = std::chrono::seconds(5),
     .lane = Lane::kSlow,
     .yields = true,
     .options = {{"directories", OptionType::kTextList, "[]",
                  std::string("Directories, or glob patterns of them; empty: ") + kUsualDirectory +
                      " if it is there."},
                 {"file_bytes", OptionType::kBytes, "4MiB", "A larger file is not read."},
                 {"series", OptionType::kNumber, "20000", "Most samples of all files together."}},
     .make = [](const Host&, const Options& options) -> Result<std::unique_ptr<Collector>> {
       // Texts are addressed with 32 bits.
       constexpr double kMost = 256.0 * 1024 * 1024;
       std::vector<std::string> patterns = options.list("directories");
       const bool usual = patterns.empty();
       if (usual) patterns.emplace_back(kUsualDirectory);
       const TextDirectory::Limits limits{
           static_cast<std::size_t>(std::clamp(options.number("file_bytes"), 0.0, kMost)),
           static_cast<std::size_t>(std::clamp(options.number("series"), 0.0, kMost))};
       return std::make_unique<Textfile>(TextDirectory(std::move(patterns), usual, limits));
     }}};

std::vector<std::string> expand(const std::string& pattern) {
  std::vector<std::string> paths;
  if (pattern.find_first_of("*?[") == std::string::npos) return {pattern};
  glob_t found{};
  if (::glob(pattern.c_str(), 0, nullptr, &found) == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  return paths;
}

}  // namespace

bool TextDirectory::Stamp::changed(const struct stat& now) {
  const bool same = inode == now.st_ino && size == now.st_size &&
                    mtime.tv_sec == now.st_mtim.tv_sec && mtime.tv_nsec == now.st_mtim.tv_nsec;
  if (same && settled) return false;
  inode = now.st_ino;
  size = now.st_size;
  mtime = now.st_mtim;
  const std::int64_t age = std::time(nullptr) - mtime.tv_sec;
  settled = age > kSettleSeconds || age < -kSettleSeconds;
  return true;
}

std::shared_ptr<const TextExposition> TextDirectory::scan() {
  bool changed = scan_directories();
  if (changed) list_files();
  for (File& file : files_) {
    if (scan_file(file)) changed = true;
  }
  ++scans_;
  if (!changed) return nullptr;
  std::vector<std::shared_ptr<const ReadTextFile>> files;
  std::size_t bytes = 0;
  for (File& file : files_) {
    if (!file.read) continue;
    bytes += file.read->content.arena.size();
    if (bytes > kMostFilesBytes * limits_.file_bytes) file.read = too_much(*file.read);
    files.push_back(file.read);
  }
  return std::make_shared<const TextExposition>(std::move(files), limits_.series, problems_);
}

bool TextDirectory::scan_directories() {
  bool changed = scans_ == 0;
  const bool has_patterns = std::any_of(patterns_.begin(), patterns_.end(), [](const auto& each) {
    return each.find_first_of("*?[") != std::string::npos;
  });
  if (scans_ == 0 || (has_patterns && scans_ % kGlobEvery == 0)) {
    std::vector<Directory> now;
    for (const std::string& pattern : patterns_) {
      for (std::string& path : expand(pattern)) now.push_back({std::move(path), {}, false});
    }
    const bool same = std::equal(now.begin(), now.end(), directories_.begin(), directories_.end(),
                                 [](const auto& a, const auto& b) { return a.path == b.path; });
    if (!same) {
      directories_ = std::move(now);
      changed = true;
    }
  }
  for (Directory& directory : directories_) {
    struct stat info {};
    const bool present = ::stat(directory.path.c_str(), &info) == 0;
    const bool stamped = present && directory.stamp.changed(info);
    if (stamped || present != directory.present) changed = true;
    directory.present = present;
  }
  return changed;
}

void TextDirectory::list_files() {
  std::vector<File> before = std::move(files_);
  files_.clear();
  problems_.clear();
  for (const Directory& directory : directories_) {
    const auto names = list_directory(directory.path);
    if (!names) {
      if (!may_lack_ || names.error().kind != ErrorKind::kAbsent) {
        problems_.emplace_back(directory.path, unreadable(names.error().message));
      }
      continue;
    }
    for (const std::string& name : *names) {
      if (!name.ends_with(".prom")) continue;
      if (files_.size() == kMostFiles) {
        problems_.emplace_back(directory.path,
                               TextProblem{TextProblemKind::kLimit, 0, "more than 1000 files"});
        break;
      }
      std::string path = directory.path + (directory.path.ends_with('/') ? "" : "/") + name;
      const auto known = std::find_if(before.begin(), before.end(),
                                      [&](const File& file) { return file.path == path; });
      if (known != before.end()) {
        files_.push_back(std::move(*known));
        known->path.clear();
      } else {
        files_.push_back({std::move(path), {}, nullptr});
      }
    }
  }
}

bool TextDirectory::scan_file(File& file) {
  struct stat info {};
  if (::stat(file.path.c_str(), &info) != 0) {
    // Gone, and the directory's stamp will show it; or a link that leads nowhere.
    const bool was_there = file.stamp.inode != 0 || !file.read;
    if (!was_there) return false;
    const int error = errno;
    file.stamp = {};
    auto failed = std::make_shared<ReadTextFile>();
    failed->path = file.path;
    failed->problem = unreadable(std::strerror(error));
    file.read = std::move(failed);
    return true;
  }
  if (!file.stamp.changed(info)) return false;
  file.read = read(file.path);
  return true;
}

std::shared_ptr<const ReadTextFile> TextDirectory::read(const std::string& path) const {
  auto file = std::make_shared<ReadTextFile>();
  file->path = path;
  // A pipe of that name must not make the reader wait.
  const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!fd || ::fstat(fd.get(), &info) != 0) {
    file->problem = unreadable(std::strerror(errno));
    return file;
  }
  if (!S_ISREG(info.st_mode)) {
    file->problem = unreadable("not a file");
    return file;
  }
  auto text = read_file("/proc/self/fd/" + std::to_string(fd.get()), limits_.file_bytes);
  if (!text) {
    const bool large = text.error().kind == ErrorKind::kInvalid;
    file->problem = unreadable(large ? "larger than " + std::to_string(limits_.file_bytes) +
                                           " bytes (file_bytes)"
                                     : text.error().message);
    return file;
  }
  file->mtime_seconds =
      static_cast<double>(info.st_mtim.tv_sec) + static_cast<double>(info.st_mtim.tv_nsec) / 1e9;
  file->problem = parse_textfile(*text, limits_.series, file->content, file->dropped);
  return file;
}

}  // namespace kernstat
