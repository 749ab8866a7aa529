/// The unit tests' entry: Boost.Test runs every tests/unit/*.cpp.
#define BOOST_TEST_MODULE maildircrypt
#include <boost/test/unit_test.hpp>
