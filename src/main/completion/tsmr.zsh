#compdef tsmr
_tsmr() {
  local -a commands flags first
  local files=0
  commands=(
@NAMES@
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  case $words[2] in
@CASES@
  esac
  case $words[CURRENT-1] in
    @FILE_FLAGS@) _files; return ;;
    @OTHER_FLAGS@) return 1 ;;
  esac
  if [[ $PREFIX == -* ]]; then
    _describe option flags
    return
  fi
  local found=1
  ((CURRENT == 3 && $#first)) && compadd -a first && found=0
  ((files)) && _files && found=0
  return found
}
# Either as the file _tsmr in a folder of $fpath, or read by source.
if [[ $funcstack[1] == _tsmr ]]; then
  _tsmr "$@"
else
  compdef _tsmr tsmr
fi
