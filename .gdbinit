# Makes gdb, started in this folder, know the project's types and step into the project's code only.
# gdb asks to be told that this file may be read:  gdb -iex 'add-auto-load-safe-path .' PROGRAM
source docs/gdb/lowrank_printers.py

# `step` passes through libraries, by the names of their functions, wherever their headers are.
skip -rfu ^std::
skip -rfu ^__gnu_cxx::
skip -rfu ^Eigen::
skip -rfu ^fmt::
# A Context is an operation's window on the tape, a Gradient what it adds to: in(), dout(), grad() and
# += are seen in what they do.
skip -rfu ^autograd::f(32|64)::Context::
skip -rfu ^autograd::f(32|64)::Gradient::

# Short lines: no addresses, files without folders, no arguments in a backtrace.
set print address off
set filename-display basename
set print frame-arguments presence
set print pretty on
