# Tests of the project's shape, beside those of its libraries.

# Each library includes only those upstream of it; the control holds one wrong include for every library.
add_test(NAME include_direction
         COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -P ${CMAKE_CURRENT_SOURCE_DIR}/include_direction.cmake)
add_test(NAME include_direction_control
         COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_CURRENT_SOURCE_DIR}/controls/includes
                 -P ${CMAKE_CURRENT_SOURCE_DIR}/include_direction.cmake)
string(JOIN "[ \n]+" wrong_includes
  "root:"
  "autograd/wrong.h: #include \"nn/linear.h\""
  "nn/wrong.h: #include \"nn/files/file.h\""
  "nn/files/json.h: #include \"nn/module.h\""
  "nn/files/wrong.h: #include \"lora/lora_linear.h\""
  "nn/recurrent/wrong.h: #include \"nn/models/weights.h\""
  "nn/models/wrong.h: #include \"lora/inject.h\""
  "lora/wrong.h: #include \"lora/analysis/low_rank.h\""
  "lora/analysis/wrong.h: #include \"lora/methods/method.h\""
  "lora/methods/wrong.h: #include \"lora/files/adapter.h\""
  "lora/files/wrong.h: #include <data/batch.h>"
  "lora/variants/wrong.h: #include \"lora/files/adapter.h\""
  "lora/interop/wrong.cpp: #include \"lora/methods/method.h\""
  "data/wrong.cpp: #include \"autograd/tape.h\""
  "data/wrong.cpp: #include \"nn/files/file.h\""
  "data/tokenizers/wrong.cpp: #include \"nn/model.h\""
  "experiments/training/wrong.cpp: #include \"experiments/evidence/findings.h\""
  "experiments/evidence/wrong.cpp: #include \"experiments/harness/results.h\""
  "experiments/harness/wrong.cpp: #include \"experiments/paper/table6.h\""
  "experiments/paper/wrong.cpp: #include \"experiments/beyond/transition.h\""
  "experiments/beyond/wrong.cpp: #include \"experiments/report/report.h\""
  "experiments/report/wrong.cpp: #include \"experiments/paper/table5.h\""
  "experiments/bench/wrong.cpp: #include \"experiments/paper/table6.h\""
  "experiments/cli/wrong.cpp: #include \"sweep.h\""
  "experiments/loose.cpp is in no library")
set_tests_properties(include_direction_control PROPERTIES PASS_REGULAR_EXPRESSION "${wrong_includes}")

# The core that a newcomer reads: its list, its size, and that it needs nothing else. The control has every mistake.
add_test(NAME core_list
         COMMAND ${CMAKE_COMMAND} -DROOT=${PROJECT_SOURCE_DIR} -P ${CMAKE_CURRENT_SOURCE_DIR}/core_list.cmake)
add_test(NAME core_list_control
         COMMAND ${CMAKE_COMMAND} -DROOT=${CMAKE_CURRENT_SOURCE_DIR}/controls/core
                 -P ${CMAKE_CURRENT_SOURCE_DIR}/core_list.cmake)
string(JOIN "[ \n]+" wrong_core
  "autograd/tape.h includes autograd/op.h, which is not in docs/core.txt"
  "autograd/tape.h includes experiments/cell.h, which is not in docs/core.txt"
  "docs/core.txt: there is no autograd/none.h"
  "README.md does not say that the core \\(core.txt\\) has 0,003 lines")
set_tests_properties(core_list_control PROPERTIES PASS_REGULAR_EXPRESSION "${wrong_core}")

# Float and double do not mix: a program that was compiled for one does not link the other's libraries. The control
# is the same program, compiled and linked for float.
foreach(name one_precision mixed_precision)
  add_executable(${name} EXCLUDE_FROM_ALL ${CMAKE_CURRENT_SOURCE_DIR}/controls/mixed_precision.cpp)
  target_link_libraries(${name} PRIVATE lowrank::lora)
  lowrank_compile(${name})
  add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target ${name})
  set_tests_properties(${name} PROPERTIES RESOURCE_LOCK build)
endforeach()
target_compile_definitions(mixed_precision PRIVATE LOWRANK_DOUBLE)
set_tests_properties(mixed_precision PROPERTIES PASS_REGULAR_EXPRESSION
  "undefined [^\n]*nn::f64::set_trainable.*undefined [^\n]*lora::f64::inject|undefined [^\n]*lora::f64::inject.*undefined [^\n]*nn::f64::set_trainable")

# scalar.h compiles as we compile it, and says why it does not with -ffast-math.
get_target_property(include_flags Eigen3::Eigen INTERFACE_INCLUDE_DIRECTORIES)
list(APPEND include_flags ${PROJECT_SOURCE_DIR})
list(TRANSFORM include_flags PREPEND -I)
set(compile_scalar_h ${CMAKE_CXX_COMPILER} -std=c++20 -fsyntax-only ${include_flags}
    ${CMAKE_CURRENT_SOURCE_DIR}/controls/fast_math.cpp)
if(CMAKE_OSX_SYSROOT)
  list(APPEND compile_scalar_h -isysroot ${CMAKE_OSX_SYSROOT})
endif()
add_test(NAME plain_math_accepted COMMAND ${compile_scalar_h})
add_test(NAME fast_math_refused COMMAND ${compile_scalar_h} -ffast-math)
set_tests_properties(fast_math_refused PROPERTIES
                     PASS_REGULAR_EXPRESSION "must not be compiled with -ffast-math")

# The programs of docs/examples: each is compiled, and what it prints shows that it works.
function(lowrank_example name library prints)
  add_executable(example_${name} ${PROJECT_SOURCE_DIR}/docs/examples/${name}.cpp)
  target_link_libraries(example_${name} PRIVATE lowrank::${library})
  lowrank_compile(example_${name})
  target_compile_options(example_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
  lowrank_precompile(example_${name} lowrank_experiments_training)
  add_test(NAME example_${name} COMMAND example_${name})
  set_tests_properties(example_${name} PROPERTIES PASS_REGULAR_EXPRESSION "${prints}")
endfunction()
lowrank_example(gradient autograd "x = 1, df/dx = 5\nx = 2, df/dx = 7\nx = -1, df/dx = 1\n")
lowrank_example(linear_regression nn "w = \\(2.00, -1.00\\), b = 0.50\n")
lowrank_example(lora_on_one_linear lora "weight from the target: [2-9]\\.[0-9]+\nmerged: 0\\.00[0-9]\nunmerged: [2-9]\\.")
lowrank_example(train_transformer nn "(49[0-9]|500) of 500 new rows are right\n")
lowrank_example(new_op autograd_double "silu: the gradient agrees.*\nwrong silu: .*op wrong silu")
lowrank_example(adapter_files lora_files "256 numbers, for counting: ([0-9.]+), as trained .*on another base: it was made for another base")
lowrank_example(own_mlp lora "LoRA on sin 3x \\+ x²/2: 256 numbers trained, mean squared error 0\\.000[0-9]+\n")
if(LOWRANK_MODELS)
  add_executable(example_own_checkpoint ${PROJECT_SOURCE_DIR}/docs/examples/own_checkpoint.cpp)
  target_link_libraries(example_own_checkpoint PRIVATE lowrank::lora_files lowrank::nn_models)
  lowrank_compile(example_own_checkpoint)
  target_compile_options(example_own_checkpoint PRIVATE $<$<CONFIG:Release>:-O1>)
  lowrank_precompile(example_own_checkpoint lowrank_experiments_training)
  add_test(NAME example_own_checkpoint COMMAND example_own_checkpoint ${CMAKE_CURRENT_SOURCE_DIR}/data/models/gpt2)
  set_tests_properties(example_own_checkpoint PROPERTIES
                       PASS_REGULAR_EXPRESSION "step 59: loss [01]\\.[0-9]+\nmerged, after 5 17: 9 12 20 7\n")
endif()
lowrank_example(own_task experiments_training "backwards: exact match (9[0-9]|100)")

# The script run, on a small checkout of its own; and both it and the program list the same commands.
if(CMAKE_GENERATOR STREQUAL "Ninja")
  add_test(NAME run_script COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/run_test.sh ${PROJECT_SOURCE_DIR}/run
           $<$<TARGET_EXISTS:lowrank>:$<TARGET_FILE:lowrank>>)
  long_test(run_script 12)
endif()

# The documentation: links, excerpts from the code, files, commands and their options, names of test cases, formulas.
# The control has a mistake of each kind among things that are right.
set(docs_test bash ${CMAKE_CURRENT_SOURCE_DIR}/docs_test.sh)
add_test(NAME docs COMMAND ${docs_test} ${PROJECT_SOURCE_DIR} $<TARGET_FILE:lowrank>)
set_tests_properties(docs PROPERTIES FAIL_REGULAR_EXPRESSION "mistake")
set(docs_control ${CMAKE_CURRENT_SOURCE_DIR}/controls/docs)
add_test(NAME docs_control COMMAND ${docs_test} ${docs_control} ${docs_control}/lowrank)
string(JOIN "[^\n]*\n" the_mistakes
  "README.md:6: a link to docs/none.md, which is not there"
  "README.md:6: a link to docs/page.md#three, but docs/page.md has no such heading"
  "README.md:6: a link to ../../README.md, which is not there"
  "README.md:7: ./run has no command 'dance'"
  "README.md:7: ./run paint has no option --shade"
  "README.md:7: a link to none.html, which is not there"
  "README.md:7: a case of no file"
  "docs/page.md:10: an excerpt that is not in code.cpp"
  "docs/page.md:16: an excerpt from none.cpp, which is not there"
  "docs/page.md:20: C\\+\\+ without a line <!-- from FILE -->"
  "docs/page.md:24: no code block follows"
  "docs/page.md:27: there is no file docs/code.cpp"
  "docs/page.md:43: a \\$ without its pair in this line"
  "docs/page.md:44: a formula that does not stand apart: \\$x\\$"
  "docs/page.md:44: a formula that does not stand apart: \\$x\\$"
  "docs/page.md:45: a formula with .* before a sign"
  "docs/page.md:45: a formula with _ after a sign"
  "docs/page.md:45: a formula with \\*, <, > or"
  "docs/page.md:45: a formula with 2 { and 1 }"
  "docs/page.md:47: a formula that does not end"
  "docs/page.md:49: tests/code_test.cpp has no case \"two is 2\""
  "docs/page.md:49: the name of a case does not end in this line"
  "docs/page.md:57: ./run paint has no option --shade"
  "docs/page.md:62: text without a line <!-- printed by"
  "docs/page.md:66: no code block follows what prints it"
  "docs/page.md:75: ./run paint prints something else"
  "docs/page.md:80: ./run paint wants --out"
  "[0-9]+ pages"
  "mistakes in the documentation: 27\n")
set_tests_properties(docs_control PROPERTIES PASS_REGULAR_EXPRESSION "${the_mistakes}")

# The sweep on a small grid: resuming, kill -9, jobs, threads, another configuration. It trains for most of a
# minute, which sanitizers would make ten; they see the same code in the libraries' tests and in cli_test.
if(NOT LOWRANK_SANITIZE)
  add_test(NAME table6 COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/table6_test.sh $<TARGET_FILE:lowrank>)
  long_test(table6 25 2)
  # The whole paper with its report. It needs gnuplot, and says so where there is none.
  add_test(NAME paper COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/paper_test.sh $<TARGET_FILE:lowrank>)
  set_tests_properties(paper PROPERTIES SKIP_RETURN_CODE 77)
  long_test(paper 140)
endif()

# The programs in Python and R on the page about one question read a sweep's CSV as its table has it.
if(NOT LOWRANK_SANITIZE)
  add_test(NAME sweep_csv COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/sweep_csv_test.sh $<TARGET_FILE:lowrank>
           ${PROJECT_SOURCE_DIR}/docs/one-question.md)
  set_tests_properties(sweep_csv PROPERTIES SKIP_RETURN_CODE 77)
endif()

# The pages' script for a cluster, on a Slurm that the test starts, which takes a minute or two. Plain ./run test and
# the presets leave it out: `./run test -L slurm` installs what it needs and runs it.
if(NOT LOWRANK_SANITIZE AND CMAKE_SYSTEM_NAME STREQUAL "Linux")
  add_test(NAME slurm COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/slurm_test.sh $<TARGET_FILE:lowrank>
           ${PROJECT_SOURCE_DIR}/docs/examples/sweep.sh)
  set_tests_properties(slurm PROPERTIES LABELS slurm SKIP_RETURN_CODE 77 RUN_SERIAL ON TIMEOUT 900)
endif()

# The pictures of the pages are as their script draws them, where there is a Python.
python_test(pictures ${PROJECT_SOURCE_DIR}/docs/images/draw.py --check)

# The comparer of two results folders, shown a folder with one rate and one line changed.
python_test(same_results ${CMAKE_CURRENT_SOURCE_DIR}/same_results.py --self-test)

# The course: export, check and next, with Debian's Python and its libclang. A student's tree has no such test.
if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/course_test.py AND NOT LOWRANK_SANITIZE)
  python_test(course ${CMAKE_CURRENT_SOURCE_DIR}/course_test.py)
  long_test(course 130 2)
  python_test(course_hand_in ${CMAKE_CURRENT_SOURCE_DIR}/course_hand_in_test.py)
  python_test(course_truth ${CMAKE_CURRENT_SOURCE_DIR}/course_truth_test.py)
  set_tests_properties(course course_hand_in course_truth PROPERTIES LABELS course_quick)
  # Every question and every known wrong body, which takes long: `./run test -L course`, which runs those above too.
  python_test(course_whole ${CMAKE_CURRENT_SOURCE_DIR}/course_whole_test.py)
  set_tests_properties(course_whole PROPERTIES LABELS course TIMEOUT 1800)
  long_test(course_whole 300 2)
  # What the grader gives the reference, the stripped tree, and those who mean harm.
  python_test(course_grade ${CMAKE_CURRENT_SOURCE_DIR}/course_grade_test.py)
  set_tests_properties(course_grade PROPERTIES LABELS course TIMEOUT 1800)
  long_test(course_grade 240 2)
endif()

# Somebody else's project, with the libraries of this build. Those for sanitizers would be of no use to it.
if(NOT LOWRANK_SANITIZE)
  add_test(NAME consumer COMMAND bash ${CMAKE_CURRENT_SOURCE_DIR}/consumer_test.sh ${PROJECT_SOURCE_DIR}
           ${PROJECT_BINARY_DIR} ${CMAKE_CXX_COMPILER})
  set_tests_properties(consumer PROPERTIES RESOURCE_LOCK build)
  long_test(consumer 70)
endif()
