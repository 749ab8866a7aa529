/// A Maildir as two open directories, made on first delivery.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"
#include "pipe/maildir_template.hpp"

#include <string>

namespace maildircrypt {

/// errno_error() for making something in a Maildir. "Read-only file system" is mostly a service
/// that may write only below its ReadWritePaths (systemd.exec(5)), and the text says so.
Error maildir_error(const std::string& step);

/// Everything below `existing` is opened relative to a descriptor and, unless the path allows it,
/// never through a symbolic link: nobody who can write in between leads a delivery elsewhere.
class Maildir {
public:
    /// Opens, or makes what is missing of `path.made` and of tmp, new and cur, with mode 0700. Each
    /// directory that was made is synced in its parent before open() returns.
    static Result<Maildir> open(const MaildirPath& path);

    int tmp() const { return tmp_.get(); }
    /// The directory "new".
    int fresh() const { return fresh_.get(); }

private:
    Maildir(Fd tmp, Fd fresh) : tmp_(std::move(tmp)), fresh_(std::move(fresh)) {}

    Fd tmp_;
    Fd fresh_;
};

}  // namespace maildircrypt
