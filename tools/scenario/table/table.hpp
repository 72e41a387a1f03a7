// The table of keys: one description of every key of the scenario language, from which the parser,
// the effective scenario, the JSON Schema, the suggestions and the key reference all come.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tools/scenario/text/node.hpp"

namespace bcsim::tools {

class Reader;
class Writer;
struct Section;

/// A value on its way out: to the effective scenario.
struct Out {
  enum class Kind : std::uint8_t { scalar, list, map };
  Kind kind = Kind::scalar;
  std::string text;  ///< of a scalar
  bool quoted = false;
  bool flow = false;                                  ///< a list or map on one line
  std::string comment;                                ///< written behind it
  std::vector<std::pair<std::string, Out>> children;  ///< keys are empty in a list

  // Its children are complete only behind it.
  Out();
  Out(const Out&);
  Out(Out&&) noexcept;
  Out& operator=(const Out&);
  Out& operator=(Out&&) noexcept;
  ~Out();

  static Out scalar(std::string text, bool quoted = false);
  static Out list(bool flow = false);
  static Out map(bool flow = false);
};

/// A value on one line, without comments: "{mean: 240s, cv: 1}".
[[nodiscard]] std::string one_line(const Out& out);

enum class Kind : std::uint8_t {
  boolean,
  count,
  number,
  text,
  duration,
  instant,
  rate,
  percent,
  bandwidth,
  choice,     ///< one of `words`
  reference,  ///< a name given elsewhere in the file; `what` says of what
  section,    ///< a map with fixed keys
  map,        ///< a map with free names, or with names given elsewhere
  list,
  any_of,  ///< one of several forms
};

/// What a key takes: everything the schema, the documentation and the messages need to know.
struct ValueType {
  Kind kind = Kind::text;
  std::string what;                        ///< "site", "metric": of references and maps
  std::vector<std::string> words;          ///< of a choice, or accepted besides ("none", "never")
  std::string range;                       ///< "1–7"; "> 0s": the minimum itself is not allowed
  std::optional<double> minimum, maximum;  ///< of quantities, in the base unit (s, 1/s, 1, bit/s)
  std::shared_ptr<const Section> section;
  std::vector<ValueType> elements;  ///< of a list or map: one; of any_of: the forms
};

/// Where a default comes from.
struct Origin {
  enum class Kind : std::uint8_t {
    p0,          ///< reference parameter set P0 of the domain description
    documented,  ///< a vendor's or standard's default; `source` says which
    assumption,  ///< our choice
    derived,     ///< from other values of the scenario
    language,    ///< absent means none: nothing is assumed by it
  };
  Kind kind = Kind::language;
  std::string source;
  [[nodiscard]] std::string text() const;
};

[[nodiscard]] Origin p0();
[[nodiscard]] Origin documented(std::string source);
[[nodiscard]] Origin assumption();
[[nodiscard]] Origin derived(std::string from);
[[nodiscard]] Origin language();

/// How a value of type M is read, written and described.
template <class M>
struct Codec {
  ValueType type;
  std::function<void(Reader&, const Node&, M&)> read;
  /// nullopt: nothing to write (absent is what it is).
  std::function<std::optional<Out>(const Writer&, const M&)> write;
};

/// One row of the table.
struct Key {
  std::string name, doc;
  ValueType type;
  Origin origin;
  bool required = false;
  bool input_only = false;   ///< another way of saying what a second key is written as
  bool at_run_time = false;  ///< running servers heed a change of it (fault verb `change`)
  std::string exclusive;     ///< at most one key of such a group may be given
  std::string default_text;  ///< instead of the default object's, for derived defaults
  std::function<void(Reader&, const Node&, void*)> read;
  std::function<std::optional<Out>(const Writer&, const void*)> write;

  Key& require() {
    required = true;
    return *this;
  }
  Key& only_input() {
    input_only = true;
    return *this;
  }
  Key& changeable() {
    at_run_time = true;
    return *this;
  }
  Key& excludes(std::string group) {
    exclusive = std::move(group);
    return *this;
  }
  Key& default_is(std::string text) {
    default_text = std::move(text);
    return *this;
  }
};

/// A map with fixed keys, and the object of the scenario that it fills.
struct Section {
  std::string name, doc;
  std::vector<Key> keys;
  std::shared_ptr<const void> prototype;  ///< a default-constructed object, to show defaults
  /// The choice by which this object has other values than those ("profile avaya"); empty, or no
  /// function: none.
  std::function<std::string(const void*)> preset;

  [[nodiscard]] const Key* find(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> key_names() const;
};

/// The key that a path of names such as "queues.sales.limit" leads to from this section, and the
/// section that has it; nullptr: none. Free names (of a queue) count as any name.
struct KeyPlace {
  const Section* section = nullptr;
  const Key* key = nullptr;
};
[[nodiscard]] KeyPlace find_place(const Section& root, const std::string& path);

/// Reads a map into `object`; every problem is reported, what is right is kept.
void read_section(Reader& reader, const Section& section, const Node& node, void* object);
[[nodiscard]] Out write_section(const Writer& writer, const Section& section, const void* object);

/// Builds the section of a T, row by row.
template <class T>
class SectionOf {
 public:
  SectionOf(std::string name, std::string doc) {
    section_.name = std::move(name);
    section_.doc = std::move(doc);
    section_.prototype = std::make_shared<T>();
  }

  template <class M>
  Key& key(std::string name, M T::*member, Codec<M> codec, Origin origin, std::string doc) {
    return row(
        std::move(name), codec.type, std::move(origin), std::move(doc),
        [read = codec.read, member](Reader& r, const Node& n, T& object) {
          read(r, n, object.*member);
        },
        [write = codec.write, member](const Writer& w, const T& object) {
          return write(w, object.*member);
        });
  }

  /// A key of its own kind: `read(Reader&, const Node&, T&)`, `write(const Writer&, const T&)`.
  template <class Read, class Write>
  Key& row(std::string name, ValueType type, Origin origin, std::string doc, Read read,
           Write write) {
    Key& key = section_.keys.emplace_back();
    key.name = std::move(name);
    key.doc = std::move(doc);
    key.type = std::move(type);
    key.origin = std::move(origin);
    key.read = [read](Reader& r, const Node& n, void* o) { read(r, n, *static_cast<T*>(o)); };
    key.write = [write](const Writer& w, const void* o) -> std::optional<Out> {
      return write(w, *static_cast<const T*>(o));
    };
    return key;
  }

  /// A form of a value that is only read: the effective scenario writes another.
  template <class M>
  Key& input(std::string name, Codec<M> codec, std::string doc,
             std::function<void(Reader&, const Node&, T&)> read) {
    return row(std::move(name), codec.type, language(), std::move(doc), std::move(read),
               [](const Writer&, const T&) { return std::optional<Out>(); })
        .only_input();
  }

  /// See Section::preset; `name(const T&)`.
  template <class Name>
  void preset(Name name) {
    section_.preset = [name](const void* o) { return name(*static_cast<const T*>(o)); };
  }

  [[nodiscard]] std::shared_ptr<const Section> done() {
    return std::make_shared<const Section>(std::move(section_));
  }

 private:
  Section section_;
};

}  // namespace bcsim::tools
