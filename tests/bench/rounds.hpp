/// Interleaved measurements: each subject runs once in every round, so that the machine's moods
/// touch all alike; medians are compared.
#pragma once

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include <time.h>

namespace maildircrypt::bench {

/// A busy machine changes processor time little; what happens in other processes it does not count.
enum class Clock { processor, wall };

struct Subject {
    std::string name;
    std::function<void()> run;  ///< once; throws when it fails
    int repeat = 1;             ///< how often in one round
    Clock clock = Clock::processor;
    std::vector<double> seconds{};
};

inline double now(Clock clock) {
    timespec time{};
    clock_gettime(clock == Clock::processor ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

inline double time_of(const Subject& subject) {
    const double start = now(subject.clock);
    for (int i = 0; i < subject.repeat; ++i) subject.run();
    return (now(subject.clock) - start) / subject.repeat;
}

inline void run_rounds(std::vector<Subject>& subjects, int rounds) {
    for (Subject& subject : subjects) subject.run();  // warm
    for (int round = 0; round < rounds; ++round)
        for (Subject& subject : subjects) subject.seconds.push_back(time_of(subject));
}

inline double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

/// Median over the rounds of how many times as fast `subject` is as `other`.
inline double ratio(const Subject& subject, const Subject& other) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < subject.seconds.size(); ++i)
        ratios.push_back(other.seconds[i] / subject.seconds[i]);
    return median(ratios);
}

}  // namespace maildircrypt::bench
