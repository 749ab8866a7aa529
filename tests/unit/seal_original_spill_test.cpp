#include "seal/original_spill.hpp"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>
#include <stdlib.h>

using namespace maildircrypt;

namespace {

struct Collector : Sink {
    std::string text;
    Result<void> write(std::string_view piece) override {
        text += piece;
        return {};
    }
};

struct FailingSink : Sink {
    Result<void> write(std::string_view) override { return retry("disk full"); }
};

const CryptoContext& context() {
    static const CryptoContext made = CryptoContext::create().value();
    return made;
}

std::string text_of_size(std::size_t size) {
    std::string text;
    while (text.size() < size) text += "line " + std::to_string(text.size()) + " of a clear text\n";
    text.resize(size);
    return text;
}

std::string read(const OriginalSpill& spill) {
    Collector out;
    BOOST_REQUIRE(spill.read_to(out));
    return out.text;
}

/// What stands in the unlinked files that this process has open in `directory`.
std::string unlinked_files(const std::filesystem::path& directory) {
    std::string contents;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
        std::error_code gone;
        const std::string target = std::filesystem::read_symlink(entry.path(), gone);
        if (!target.starts_with(directory.string() + "/#")) continue;
        std::ifstream file{entry.path(), std::ios::binary};
        contents.append(std::istreambuf_iterator<char>{file}, {});
    }
    return contents;
}

struct Folder {
    Folder() {
        std::string name = "/tmp/spill-test-XXXXXX";
        if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp");
        path = name;
    }
    ~Folder() { std::filesystem::remove_all(path); }
    std::filesystem::path path;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(seal_original_spill)

BOOST_AUTO_TEST_CASE(what_went_in_comes_out_whatever_the_pieces) {
    for (const std::size_t size : {0, 1, 16383, 16384, 16385, 100000})
        for (const std::size_t piece : {std::size_t{1}, std::size_t{1000}, std::size_t{1000000}}) {
            SpillBudget budget{1U << 20U, "/tmp"};
            const auto spill = OriginalSpill::create(context(), budget).value();
            const std::string text = text_of_size(size);
            for (std::size_t at = 0; at < size; at += piece)
                BOOST_REQUIRE(spill->write(std::string_view{text}.substr(at, piece)));
            BOOST_TEST((read(*spill) == text), size << " by " << piece);
            BOOST_TEST((read(*spill) == text), "a second time");
        }
}

BOOST_AUTO_TEST_CASE(without_memory_it_goes_to_a_file_and_comes_back) {
    SpillBudget budget{100000, "/tmp"};
    const auto spill = OriginalSpill::create(context(), budget).value();
    const std::string text = text_of_size(500000);
    BOOST_REQUIRE(spill->write(text));
    BOOST_TEST((read(*spill) == text));
}

BOOST_AUTO_TEST_CASE(the_file_holds_nothing_of_the_text) {
    const Folder folder;
    SpillBudget budget{0, folder.path};
    const auto spill = OriginalSpill::create(context(), budget).value();
    const auto same = OriginalSpill::create(context(), budget).value();
    const std::string text = text_of_size(100000);
    BOOST_REQUIRE(spill->write(text));
    const std::string file = unlinked_files(folder.path);
    BOOST_TEST(file.size() == text.size());
    for (std::size_t at = 0; at + 16 <= text.size(); at += 1600)
        BOOST_TEST((file.find(text.substr(at, 16)) == file.npos));
    // And another message under another key.
    BOOST_REQUIRE(same->write(text));
    const std::string both = unlinked_files(folder.path);
    BOOST_TEST(both.size() == 2 * text.size());
    BOOST_TEST((both.substr(0, text.size()) != both.substr(text.size())));
    BOOST_TEST((read(*same) == text));
}

BOOST_AUTO_TEST_CASE(a_read_in_the_middle_does_not_disturb_what_follows) {
    SpillBudget budget{4096, "/tmp"};
    const auto spill = OriginalSpill::create(context(), budget).value();
    const std::string text = text_of_size(50000);
    BOOST_REQUIRE(spill->write(std::string_view{text}.substr(0, 20001)));
    BOOST_TEST((read(*spill) == text.substr(0, 20001)));
    BOOST_REQUIRE(spill->write(std::string_view{text}.substr(20001)));
    BOOST_TEST((read(*spill) == text));
}

BOOST_AUTO_TEST_CASE(a_directory_that_cannot_be_written_is_an_error) {
    SpillBudget budget{0, "/nonexistent"};
    const auto spill = OriginalSpill::create(context(), budget).value();
    auto written = spill->write(text_of_size(100000));
    BOOST_TEST(!written);
}

BOOST_AUTO_TEST_CASE(an_error_of_the_reader_is_passed_on) {
    SpillBudget budget{1U << 20U, "/tmp"};
    const auto spill = OriginalSpill::create(context(), budget).value();
    BOOST_REQUIRE(spill->write("text"));
    FailingSink failing;
    BOOST_TEST(!spill->read_to(failing));
}

BOOST_AUTO_TEST_SUITE_END()
