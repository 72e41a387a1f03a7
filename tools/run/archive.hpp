// Plain data to bytes and back, between a worker and the process that forked it: the same program
// on both sides, so there is no format to keep.
#pragma once

#include <cassert>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

namespace bcsim::tools {

// `fields(x)` gives a tuple of references to all members of what is not flat.
template <class T>
concept HasFields = requires(T& x) {
  fields(x);
};
/// Can be copied as its bytes. Anything with a pointer in it must have fields() instead.
template <class T>
concept Flat = std::is_trivially_copyable_v<T> && !HasFields<T>;

class ArchiveWriter {
 public:
  template <Flat T>
  void put(const T& x) {
    raw(&x, sizeof x);
  }
  void put(const std::string& text) {
    put(text.size());
    raw(text.data(), text.size());
  }
  template <class T>
  void put(const std::vector<T>& list) {
    put(list.size());
    if constexpr (Flat<T>) {
      raw(list.data(), list.size() * sizeof(T));
    } else {
      for (const T& x : list) put(x);
    }
  }
  template <class T, std::size_t kSize>
  requires(!Flat<std::array<T, kSize>>) void put(const std::array<T, kSize>& list) {
    for (const T& x : list) put(x);
  }
  template <HasFields T>
  void put(const T& x) {
    std::apply([this](const auto&... field) { (put(field), ...); }, fields(x));
  }
  [[nodiscard]] std::string take() { return std::move(bytes_); }

 private:
  void raw(const void* data, std::size_t size) {
    if (size > 0) bytes_.append(static_cast<const char*>(data), size);
  }
  std::string bytes_;
};

/// Throws std::runtime_error if the bytes end too early: the worker died while it wrote.
class ArchiveReader {
 public:
  explicit ArchiveReader(std::string_view bytes) : rest_(bytes) {}

  template <Flat T>
  void get(T& x) {
    raw(&x, sizeof x);
  }
  void get(std::string& text) {
    text.resize(size());
    raw(text.data(), text.size());
  }
  template <class T>
  void get(std::vector<T>& list) {
    list.resize(size());
    if constexpr (Flat<T>) {
      raw(list.data(), list.size() * sizeof(T));
    } else {
      for (T& x : list) get(x);
    }
  }
  template <class T, std::size_t kSize>
  requires(!Flat<std::array<T, kSize>>) void get(std::array<T, kSize>& list) {
    for (T& x : list) get(x);
  }
  template <HasFields T>
  void get(T& x) {
    std::apply([this](auto&... field) { (get(field), ...); }, fields(x));
  }
  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  /// Bytes that are still to be read.
  [[nodiscard]] std::size_t left() const { return rest_.size(); }

 private:
  std::size_t size() {
    std::size_t n = 0;
    raw(&n, sizeof n);
    if (n > rest_.size() * 64) throw std::runtime_error("a worker's answer makes no sense");
    return n;
  }
  void raw(void* data, std::size_t size) {
    if (size > rest_.size()) throw std::runtime_error("a worker's answer is cut short");
    if (size > 0) std::memcpy(data, rest_.data(), size);
    rest_.remove_prefix(size);
  }
  std::string_view rest_;
};

}  // namespace bcsim::tools
