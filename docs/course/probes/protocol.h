// What a probe reads and writes: cases as words between blanks. docs/course/cases.py is the other
// end.
//   case NAME | tensor NAME ROWS COLS value... | number NAME value | ints NAME COUNT value... |
//   text NAME word | end
// What it writes may also have a line for the student: says LINE
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <exception>
#include <functional>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "autograd/scalar.h"

namespace course {

using autograd::Index;
using autograd::Matrix;

/// The inputs of one case. Asking for one that is not there throws.
struct Case {
  std::string name;
  std::map<std::string, Matrix> tensors;
  std::map<std::string, double> numbers;
  std::map<std::string, std::vector<int>> ints;
  std::map<std::string, std::string> texts;

  bool has(const std::string& tensor) const { return tensors.contains(tensor); }
  const Matrix& tensor(const std::string& key) const { return tensors.at(key); }
  double number(const std::string& key) const { return numbers.at(key); }
  const std::string& text(const std::string& key) const { return texts.at(key); }
};

inline void write(const std::string& name, const Matrix& m) {
  std::printf("tensor %s %td %td", name.c_str(), m.rows(), m.cols());
  for (Index i = 0; i < m.size(); ++i) std::printf(" %.17g", m.data()[i]);
  std::printf("\n");
}
inline void write(const std::string& name, const std::string& word) {
  std::printf("text %s %s\n", name.c_str(), word.c_str());
}
inline void write(const std::string& name, double value) {
  std::printf("number %s %.17g\n", name.c_str(), value);
}

template <class Number>
Matrix row_of(const std::vector<Number>& values) {
  Matrix row(1, static_cast<Index>(values.size()));
  std::copy(values.begin(), values.end(), row.data());
  return row;
}

inline bool same_bits(const Matrix& a, const Matrix& b) {
  return a.rows() == b.rows() && a.cols() == b.cols() &&
         std::memcmp(a.data(), b.data(), static_cast<std::size_t>(a.size()) * sizeof(double)) == 0;
}

/// A line for the student, shown where the outputs of the case differ.
inline void say(const std::string& line) { std::printf("says %s\n", line.c_str()); }

inline double read_number(std::istream& in) {  // also "inf" and "nan", which >> does not read
  std::string word;
  in >> word;
  return std::stod(word);
}

inline bool read_case(std::istream& in, Case& c) {
  std::string kind, key;
  if (!(in >> kind >> c.name)) return false;
  while (in >> kind && kind != "end") {
    in >> key;
    if (kind == "tensor") {
      Index rows = 0, cols = 0;
      in >> rows >> cols;
      Matrix m(rows, cols);
      for (Index i = 0; i < m.size(); ++i) m.data()[i] = read_number(in);
      c.tensors[key] = m;
    } else if (kind == "number") {
      c.numbers[key] = read_number(in);
    } else if (kind == "ints") {
      std::size_t count = 0;
      in >> count;
      std::vector<int> values(count);
      for (int& value : values) in >> value;
      c.ints[key] = values;
    } else {
      in >> c.texts[key];
    }
  }
  return true;
}

/// Calls run for each case on standard input, and prints what it writes, or what it throws.
inline int answer(const std::function<void(const Case&)>& run) {
  for (Case c; read_case(std::cin, c); c = {}) {
    std::printf("case %s\n", c.name.c_str());
    std::fflush(stdout);  // so that it is known which case ended the program
    try {
      run(c);
    } catch (const std::exception& error) {
      std::string message = error.what();
      for (char& letter : message)
        if (letter == '\n') letter = ' ';
      std::printf("threw %s\n", message.c_str());
    }
    std::printf("end\n");
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace course
