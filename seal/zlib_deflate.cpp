#include "seal/zlib_deflate.hpp"

#include <limits>

#define ZLIB_CONST
#include <zlib.h>

namespace maildircrypt {
namespace {

constexpr int level = Z_DEFAULT_COMPRESSION;
constexpr int raw_window_bits = -15;  // no zlib header
constexpr int memory_level = 8;
/// zconf.h: 128 KiB for the window and 128 KiB for the hash at these settings, and the state.
constexpr std::size_t arena_size = 272 * 1024;

/// Hands out memory once; all of it is wiped and given back together.
class Arena {
public:
    void* take(std::size_t count, std::size_t size) {
        constexpr std::size_t alignment = 16;
        const std::size_t wanted = (count * size + alignment - 1) / alignment * alignment;
        if (wanted > memory_.size() - used_) return Z_NULL;
        const auto taken = std::span{memory_}.subspan(used_, wanted);
        used_ += wanted;
        return taken.data();
    }

private:
    SecretOctets memory_ = SecretOctets(arena_size);
    std::size_t used_ = 0;
};

void* take_from(void* arena, unsigned count, unsigned size) {
    return static_cast<Arena*>(arena)->take(count, size);
}

void give_back(void* /*arena*/, void* /*memory*/) {}

}  // namespace

class ZlibDeflate::State {
public:
    State() {
        stream.zalloc = take_from;
        stream.zfree = give_back;
        stream.opaque = &arena_;
        ready = deflateInit2(&stream, level, Z_DEFLATED, raw_window_bits, memory_level,
                             Z_DEFAULT_STRATEGY) == Z_OK;
    }
    ~State() {
        if (ready) deflateEnd(&stream);
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    z_stream stream{};
    bool ready = false;
    SecretArray<8192> out;

private:
    Arena arena_;
};

ZlibDeflate::ZlibDeflate(OctetSink& next)
    : DeflateStream(next), state_(std::make_unique<State>()) {}

ZlibDeflate::~ZlibDeflate() = default;

Result<void> ZlibDeflate::run(Octets piece, int flush) {
    if (!state_->ready) return retry("compress: zlib does not start");
    z_stream& stream = state_->stream;
    stream.next_in = piece.data();
    stream.avail_in = static_cast<unsigned>(piece.size());
    do {
        stream.next_out = state_->out.data();
        stream.avail_out = static_cast<unsigned>(state_->out.size());
        const int status = deflate(&stream, flush);
        if (status != Z_OK && status != Z_BUF_ERROR) return retry("compress: zlib failed");
        const std::size_t made = state_->out.size() - stream.avail_out;
        if (auto done = emit(state_->out.span().first(made)); !done) return done;
    } while (stream.avail_out == 0);  // zlib.h: then there may be more
    if (stream.avail_in != 0) return retry("compress: zlib left input behind");
    return {};
}

Result<void> ZlibDeflate::write(Octets piece) {
    constexpr std::size_t at_once = std::numeric_limits<unsigned>::max();
    for (; piece.size() > at_once; piece = piece.subspan(at_once))
        if (auto done = run(piece.first(at_once), Z_NO_FLUSH); !done) return done;
    return run(piece, Z_NO_FLUSH);
}

Result<void> ZlibDeflate::align() {
    return run({}, Z_SYNC_FLUSH);
}

}  // namespace maildircrypt
