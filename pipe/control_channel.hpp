/// The worker's side of pipe/control.hpp: reports to the supervisor, and notices when to stop.
#pragma once

#include "base/fd.hpp"
#include "base/result.hpp"

#include <string_view>

namespace maildircrypt {

/// One per process, since its descriptors have fixed numbers. All errors are of fate retry.
class ControlChannel {
public:
    /// Fails when the supervisor did not start this process. From now on SIGTERM, SIGHUP and SIGINT
    /// end nothing by themselves: the waiting functions return an error instead.
    static Result<ControlChannel> adopt();

    Result<void> report(std::string_view message);
    /// Until `fd` can be read or is at its end.
    Result<void> wait_for_input(int fd);
    /// Until the supervisor allows the commit.
    Result<void> wait_for_go();
    /// What was standard output of the program that the MTA or filter user started.
    int output() const { return output_.get(); }

private:
    ControlChannel(Fd control, Fd output, Fd signals)
        : control_(std::move(control)), output_(std::move(output)), signals_(std::move(signals)) {}

    Fd control_;
    Fd output_;
    Fd signals_;
};

}  // namespace maildircrypt
