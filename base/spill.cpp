#include "base/spill.hpp"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace maildircrypt {
namespace {

constexpr std::size_t block_size = 64 * 1024;
/// Of the first block: most messages are small, and memory costs time when it is wiped.
constexpr std::size_t first_block_size = 16 * 1024;

}  // namespace

SpillBudget::SpillBudget(std::size_t memory_limit, std::string directory, std::size_t share)
    : limit_(memory_limit), directory_(std::move(directory)), share_(share) {}

bool SpillBudget::take(std::size_t octets) {
    std::size_t used = used_.load(std::memory_order_relaxed);
    do {
        if (octets > limit_ || used > limit_ - octets) return false;
    } while (!used_.compare_exchange_weak(used, used + octets, std::memory_order_relaxed));
    return true;
}

void SpillBudget::give_back(std::size_t octets) {
    used_.fetch_sub(octets, std::memory_order_relaxed);
}

Spill::Spill(SpillBudget& budget) : budget_(budget) {}

Spill::~Spill() {
    budget_.give_back(taken_);
}

/// False when the budget, or this spill's share of it, is used up.
bool Spill::add_block() {
    const std::size_t size = blocks_.empty() ? first_block_size : block_size;
    if (size > budget_.share() || taken_ > budget_.share() - size || !budget_.take(size))
        return false;
    blocks_.emplace_back().reserve(size);
    taken_ += size;
    return true;
}

Result<void> Spill::write(std::string_view piece) {
    size_ += piece.size();
    while (!piece.empty() && !file_) {
        if (in_memory_ == taken_ && !add_block()) break;
        std::string& block = blocks_.back();
        const std::size_t count = std::min(piece.size(), taken_ - in_memory_);
        block.append(piece.substr(0, count));
        in_memory_ += count;
        piece.remove_prefix(count);
    }
    return piece.empty() ? Result<void>{} : flush_to_file(piece);
}

Result<void> Spill::flush_to_file(std::string_view piece) {
    if (!file_) {
        auto file = open_file(budget_.directory(), O_TMPFILE | O_RDWR | O_EXCL, 0600);
        if (!file) return retry("spill: " + file.error().what);
        file_ = std::move(*file);
    }
    return write_all(file_.get(), piece, "write spill");
}

Result<void> Spill::read_to(Sink& sink, std::size_t piece_limit) const {
    for (std::string_view block : blocks_) {
        for (; !block.empty(); block.remove_prefix(std::min(piece_limit, block.size()))) {
            if (auto written = sink.write(block.substr(0, piece_limit)); !written) return written;
        }
    }
    if (!file_) return {};
    std::string buffer(std::min(piece_limit, block_size), '\0');
    std::size_t offset = 0;
    while (in_memory_ + offset < size_) {
        const ssize_t count =
            ::pread(file_.get(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("read spill");
        if (count == 0) return retry("read spill: shorter than written");
        auto written =
            sink.write(std::string_view{buffer}.substr(0, static_cast<std::size_t>(count)));
        if (!written) return written;
        offset += static_cast<std::size_t>(count);
    }
    return {};
}

Result<void> check_spill_directory(const std::string& directory) {
    SpillBudget no_memory{0, directory};
    Spill spill{no_memory};
    auto written = spill.write("x");
    return written ? Result<void>{} : refuse("option 'spill-directory': " + written.error().what);
}

}  // namespace maildircrypt
