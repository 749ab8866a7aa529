/// Stores of every kind for tests that hold for all of them.
#pragma once

#include "keyd/store.hpp"

#include <memory>
#include <string>
#include <vector>

namespace maildircrypt::test {

/// The variable that names a PostgreSQL server, as a conninfo of a user who may create databases.
/// tests/protocol/keyd_store_test.py starts one and sets it.
inline constexpr char server_variable[] = "MAILDIRCRYPT_TEST_POSTGRESQL";

/// An initialised store that goes with its object, with everything in it.
class TestStore {
public:
    virtual ~TestStore() = default;
    /// "sqlite", and "postgresql" when there is a server.
    static std::vector<std::string> kinds();
    /// "postgresql" when there is a server.
    static std::vector<std::string> shared_kinds();
    static std::unique_ptr<TestStore> make(const std::string& kind);

    const std::string& id() const { return id_; }
    /// The value of --store.
    virtual std::string option() const = 0;
    /// What somebody does to the tables while keyd is away, or behind its back.
    virtual Result<void> tamper(const std::string& sql) = 0;
    /// Takes away what keeps mistakes from the key log.
    virtual Result<void> allow_log_changes() = 0;
    /// PostgreSQL: ends all connections and lets nobody in; false lets them in again.
    virtual Result<void> cut_off(bool cut) = 0;

    std::unique_ptr<Store> open() const;
    /// Why it may not be used; empty when it may.
    std::string refusal() const;

protected:
    std::string id_;
};

}  // namespace maildircrypt::test
