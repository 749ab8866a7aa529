#include "milter/marks.hpp"

#include "seal/ascii.hpp"
#include "seal/provenance.hpp"

namespace maildircrypt {

OuterHeader marked_header(std::span<const std::string> names,
                          const std::optional<std::string>& provenance) {
    OuterHeader header;
    header.original_fields = names.size();
    if (provenance)
        header.fields.push_back({std::nullopt, false, std::string{provenance_name}, *provenance});
    for (std::size_t i = 0; i < names.size(); ++i)
        if (!same_name(names[i], provenance_name))
            header.fields.push_back({i, false, names[i], {}});
    return header;
}

}  // namespace maildircrypt
