// SPDX-License-Identifier: Apache-2.0
#include "collectors/bpf/kernel_symbols.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>

#include "collectors/support/text.h"

namespace kernstat::bpf {
namespace {

constexpr std::size_t kPiece = std::size_t{64} << 10;

bool is_text(std::string_view type) {
  return type == "t" || type == "T" || type == "w" || type == "W";
}

std::int64_t spent_ns() {
  timespec spent{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::int64_t{spent.tv_sec} * 1'000'000'000 + spent.tv_nsec;
}

}  // namespace

SymbolSearch::SymbolSearch(const std::vector<std::uint64_t>& addresses) {
  for (const std::uint64_t address : addresses) found_.push_back({address, 0, {}});
  const auto by_address = [](const Found& a, const Found& b) { return a.address < b.address; };
  const auto same = [](const Found& a, const Found& b) { return a.address == b.address; };
  std::sort(found_.begin(), found_.end(), by_address);
  found_.erase(std::unique(found_.begin(), found_.end(), same), found_.end());
}

bool SymbolSearch::take(std::string_view lines) {
  while (!lines.empty()) {
    std::string_view line = next_line(lines);
    const auto begin = next_number<std::uint64_t>(line, 16);
    if (!begin || !is_text(next_field(line))) continue;
    if (*begin == 0) return false;
    // Symbols are not sorted: modules come after the kernel in load order. It may hold the first
    // address above it; whether it holds others, too, finish() says.
    const auto first =
        std::lower_bound(found_.begin(), found_.end(), *begin,
                         [](const Found& f, std::uint64_t value) { return f.address < value; });
    const std::string_view name = next_field(line);
    if (first == found_.end() || *begin <= first->begin || name.empty()) continue;
    first->begin = *begin;
    first->name = name;
  }
  return true;
}

std::vector<SymbolSearch::Found> SymbolSearch::finish() {
  const Found* best = nullptr;
  for (Found& found : found_) {
    if (best != nullptr && best->begin > found.begin) {
      found.begin = best->begin;
      found.name = best->name;
    }
    best = &found;
  }
  return std::move(found_);
}

KernelSymbols::KernelSymbols(const Host& host)
    : file_(::open(host.proc_path("kallsyms").c_str(), O_RDONLY | O_CLOEXEC)) {}

void KernelSymbols::want(const std::vector<std::uint64_t>& addresses, std::int64_t now_ns) {
  for (const std::uint64_t address : addresses) {
    if (!names_.contains(address) && wanted_.size() < kMostWanted) wanted_.insert(address);
  }
  if (wanted_.empty() || (file_ && now_ns < next_ns_)) return;
  const std::int64_t before_ns = spent_ns();
  const std::vector<std::uint64_t> wanted(wanted_.begin(), wanted_.end());
  SymbolSearch search(wanted);
  const Pass outcome = file_ ? pass(search) : Pass::kHidden;
  next_ns_ = now_ns + kPauses * (spent_ns() - before_ns);
  if (outcome == Pass::kFailed) return;
  if (outcome == Pass::kHidden) {
    file_ = Fd();
    search = SymbolSearch(wanted);
  }
  if (names_.size() > kMostKnown) names_.clear();
  for (SymbolSearch::Found& found : search.finish()) names_[found.address] = std::move(found.name);
  wanted_.clear();
}

KernelSymbols::Pass KernelSymbols::pass(SymbolSearch& search) const {
  std::string text(kPiece, '\0');
  std::size_t held = 0;
  if (::lseek(file_.get(), 0, SEEK_SET) != 0) return Pass::kFailed;
  while (true) {
    const ssize_t got = ::read(file_.get(), text.data() + held, text.size() - held);
    if (got <= 0) return got == 0 ? Pass::kDone : Pass::kFailed;
    held += static_cast<std::size_t>(got);
    const std::size_t end = std::string_view(text.data(), held).rfind('\n') + 1;
    if (!search.take({text.data(), end})) return Pass::kHidden;
    // A line that fills the whole piece is none of a symbol.
    const std::size_t used = end == 0 && held == text.size() ? held : end;
    std::copy(text.begin() + static_cast<std::ptrdiff_t>(used),
              text.begin() + static_cast<std::ptrdiff_t>(held), text.begin());
    held -= used;
  }
}

std::optional<std::string_view> KernelSymbols::find(std::uint64_t address) const {
  const auto known = names_.find(address);
  if (known == names_.end()) return std::nullopt;
  return known->second;
}

}  // namespace kernstat::bpf
