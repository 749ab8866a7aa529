/// A home directory for one run of gpg: nothing in it before, nothing left of it afterwards.
#pragma once

#include "base/result.hpp"

#include <string>

namespace maildircrypt {

/// Owns a directory of mode 0700 below the directory for temporary files ($TMPDIR or /tmp), with a
/// gpg.conf that keeps gpg from the network, agents, key servers and trust databases. It is removed
/// with all that is in it when the object goes.
class GpgHome {
public:
    /// `more_options` are lines for gpg.conf.
    static Result<GpgHome> create(const std::string& more_options = {});
    GpgHome(GpgHome&& other) noexcept;
    GpgHome& operator=(GpgHome&&) = delete;
    ~GpgHome();

    const std::string& path() const { return path_; }
    /// Writes a file in it and returns its path.
    Result<std::string> put(const std::string& name, std::string_view content) const;

private:
    explicit GpgHome(std::string path) : path_(std::move(path)) {}
    std::string path_;  ///< empty when moved from
};

}  // namespace maildircrypt
