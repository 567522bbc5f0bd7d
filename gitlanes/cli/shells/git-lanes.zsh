#compdef git-lanes
#description coordinate parallel agents on one git repository
# Completion of `git lanes` and `git-lanes` for zsh.
# For this shell:   eval "$(git lanes completion zsh)"
# For all:          git lanes completion zsh > "${fpath[1]}/_git-lanes"

__git_lanes_git () {
  git "${__git_lanes_place[@]}" "$@"
}

__git_lanes_names () {
  case $1 in
    lanes)
      __git_lanes_git for-each-ref --format='%(refname:lstrip=3)' '@HEADS@' ;;
    branches)
      __git_lanes_git for-each-ref --format='%(refname:short)' '@BRANCHES@' ;;
    attempts)
      __git_lanes_git for-each-ref --format='%(contents)' '@JOURNALS@' |
        sed -n 's/.*"open":\[//p' | grep -o '"id":"[^"]*"' | cut -d '"' -f 4 ;;
    states)
      __git_lanes_names lanes
      __git_lanes_names attempts
      __git_lanes_git for-each-ref --format='%(refname:lstrip=3)' '@SNAPSHOTS@' | sed 's|/\([0-9]*\)$|/s\1|'
      __git_lanes_git for-each-ref --format='%(refname:short)' '@BRANCHES@' '@TAGS@' ;;
  esac 2>/dev/null
}

__git_lanes_offer () {
  local -a names
  names=(${(fu)"$(__git_lanes_names $1 | LC_ALL=C grep -E '^[A-Za-z0-9._/@+,=-]+$')"})
  compadd -a names
}
__git_lanes_lanes () { __git_lanes_offer lanes }
__git_lanes_branches () { __git_lanes_offer branches }
__git_lanes_attempts () { __git_lanes_offer attempts }
__git_lanes_states () { __git_lanes_offer states }

_git-lanes () {
  # Where `git -C` puts a command: known to git's own completion, whose options these are.
  local -a __git_lanes_place
  [[ $service == git && -n $opt_args[-C] ]] && __git_lanes_place=(-C ${(Q)${~opt_args[-C]}})
  local curcontext=$curcontext state line ret=1
  local -A opt_args
  local -a commands
  commands=(
@COMMANDS@
  )
  _arguments -C -S -s \
@OWN@
    '1:command:->command' \
    '*::argument:->arguments' && ret=0
  case $state in
    command)
      _describe -t commands 'git lanes command' commands && ret=0 ;;
    arguments)
      case $words[1] in
@ARGUMENTS@
        *)
          _default && ret=0 ;;
      esac ;;
  esac
  return ret
}

if [[ $funcstack[1] == _git-lanes ]]; then
  _git-lanes "$@"
elif (( $+functions[compdef] )); then
  compdef _git-lanes git-lanes
fi
