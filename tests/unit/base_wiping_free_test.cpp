#include "base/fd.hpp"
#include "base/process.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <fcntl.h>
#include <unistd.h>

using namespace maildircrypt;

namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr bool replaced = false;
#else
constexpr bool replaced = true;
#endif

constexpr char mark = 'M';

/// How many marks stand at `address`, read through the kernel; none where nothing is mapped any
/// more. (malloc keeps links and a random key in free chunks: a mark among others does not count.)
std::size_t marks_at(off_t address, std::size_t size) {
    auto memory = open_file("/proc/self/mem", O_RDONLY);
    BOOST_REQUIRE(bool(memory));
    std::string text(size, '\0');
    const ssize_t count = ::pread(memory->get(), text.data(), size, address);
    if (count < 0) return 0;
    text.resize(static_cast<std::size_t>(count));
    if (text.find(std::string(4, mark)) == text.npos) return 0;
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), mark));
}

constexpr std::size_t sizes[] = {24, 100, 1000, 1032, 5000, 60'000, 200'000};

off_t address_of(const void* memory) {
    return static_cast<off_t>(reinterpret_cast<std::uintptr_t>(memory));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(base_wiping_free, *boost::unit_test::enable_if<replaced>())

BOOST_AUTO_TEST_CASE(freed_chunks_of_every_size_are_wiped) {
    wipe_freed_memory();
    for (const auto size : sizes) {
        void* memory = std::malloc(size);
        std::memset(memory, mark, size);
        const off_t address = address_of(memory);
        BOOST_TEST(marks_at(address, size) == size);
        std::free(memory);
        BOOST_TEST(marks_at(address, size) == 0U, "of " << size);
    }
}

BOOST_AUTO_TEST_CASE(a_growing_chunk_keeps_its_contents_and_leaves_none_behind) {
    for (const auto size : sizes) {
        char* memory = static_cast<char*>(std::malloc(size));
        std::memset(memory, mark, size);
        const off_t old_address = address_of(memory);
        memory = static_cast<char*>(std::realloc(memory, 4 * size));
        BOOST_REQUIRE(memory != nullptr);
        BOOST_TEST(std::count(memory, memory + size, mark) == static_cast<std::ptrdiff_t>(size));
        if (address_of(memory) != old_address) BOOST_TEST(marks_at(old_address, size) == 0U);
        std::free(memory);
    }
}

BOOST_AUTO_TEST_CASE(the_edges_of_realloc_are_as_everybody_expects) {
    void* memory = std::realloc(nullptr, 10);
    BOOST_TEST(memory != nullptr);
    memory = std::realloc(memory, 5);
    BOOST_TEST(memory != nullptr);
    BOOST_TEST(std::realloc(memory, 0) == nullptr);
    std::free(nullptr);
}

BOOST_AUTO_TEST_SUITE_END()
