#include "pipe/filter_output.hpp"

#include "base/fd.hpp"
#include "base/sink.hpp"

#include <utility>

namespace maildircrypt {
namespace {

class DescriptorSink : public Sink {
public:
    explicit DescriptorSink(int fd) : fd_(fd) {}
    Result<void> write(std::string_view piece) override {
        return write_all(fd_, piece, "write to standard output");
    }

private:
    int fd_;
};

}  // namespace

Result<void> FilterOutput::begin() {
    spill_.reset();
    size_ = 0;
    auto spill = OriginalSpill::create(context_, budget_);
    if (!spill) return spill.error();
    spill_ = std::move(*spill);
    return {};
}

Result<void> FilterOutput::header(const OuterHeader& header) {
    return write(header.render());
}

Result<void> FilterOutput::body(Deliverable piece) {
    return write(piece.text());
}

Result<void> FilterOutput::write(std::string_view text) {
    size_ += text.size();
    return spill_->write(text);
}

Result<void> FilterOutput::commit() {
    DescriptorSink sink{fd_};
    return spill_->read_to(sink);
}

}  // namespace maildircrypt
