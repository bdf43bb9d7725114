# The libraries that only tokenizers need, as targets PCRE2::8BIT, ICU::uc and sentencepiece::sentencepiece: regular
# expressions, Unicode's tables, SentencePiece. LOWRANK_MODELS_MISSING is the list of Debian's packages of those that are
# not found. They are not fetched: they are large, and take longer to build than all of ours. Their headers are system
# headers. lowrank-config.cmake reads this file too.
set(LOWRANK_MODELS_MISSING)
macro(lowrank_find_for_models target header library package)
  if(NOT TARGET ${target})
    string(MAKE_C_IDENTIFIER ${library} lowrank_name)
    find_path(LOWRANK_${lowrank_name}_INCLUDE ${header})
    find_library(LOWRANK_${lowrank_name}_LIBRARY ${library})
    mark_as_advanced(LOWRANK_${lowrank_name}_INCLUDE LOWRANK_${lowrank_name}_LIBRARY)
    if(LOWRANK_${lowrank_name}_INCLUDE AND LOWRANK_${lowrank_name}_LIBRARY)
      add_library(${target} INTERFACE IMPORTED GLOBAL)
      target_include_directories(${target} INTERFACE ${LOWRANK_${lowrank_name}_INCLUDE})
      target_link_libraries(${target} INTERFACE ${LOWRANK_${lowrank_name}_LIBRARY})
    else()
      list(APPEND LOWRANK_MODELS_MISSING ${package})
    endif()
  endif()
endmacro()
lowrank_find_for_models(PCRE2::8BIT pcre2.h pcre2-8 libpcre2-dev)
lowrank_find_for_models(ICU::uc unicode/uchar.h icuuc libicu-dev)
lowrank_find_for_models(sentencepiece::sentencepiece sentencepiece_processor.h sentencepiece libsentencepiece-dev)
