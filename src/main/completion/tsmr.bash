_tsmr() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} flags="" first="" files=""
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W "@NAMES@" -- "$word"))
    return
  fi
  case ${COMP_WORDS[1]} in
@CASES@
  esac
  case $before in
    @FILE_FLAGS@) compopt -o default 2> /dev/null; return ;;
    @OTHER_FLAGS@) return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$flags" -- "$word"))
    return
  fi
  if ((COMP_CWORD == 2)); then COMPREPLY=($(compgen -W "$first" -- "$word")); fi
  if [[ -n $files ]]; then compopt -o default 2> /dev/null; fi
}
complete -F _tsmr tsmr
