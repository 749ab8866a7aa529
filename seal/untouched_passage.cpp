#include "seal/untouched_passage.hpp"

namespace maildircrypt {

Result<void> UntouchedPassage::write(std::string_view piece) {
    return output_.body(Deliverable{piece});
}

}  // namespace maildircrypt
