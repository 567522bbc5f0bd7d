# Completion of `git lanes` and `git-lanes` for bash, with or without git's own completion.
# For this shell:   eval "$(git lanes completion bash)"
# For all:          git lanes completion bash > ~/.local/share/bash-completion/completions/git-lanes

__git_lanes_git ()
{
	if declare -F __git >/dev/null; then
		__git "$@"
	else
		git "$@" 2>/dev/null
	fi
}

# Names that a shell could misunderstand are left out.
__git_lanes_plain ()
{
	LC_ALL=C grep -E '^[A-Za-z0-9._/@+,=-]+$'
}

__git_lanes_names ()
{
	case "$1" in
	*,*)
		__git_lanes_names "${1%%,*}"
		__git_lanes_names "${1#*,}" ;;
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
		__git_lanes_git for-each-ref --format='%(refname:lstrip=3)' '@SNAPSHOTS@' |
			sed 's|/\([0-9]*\)$|/s\1|'
		__git_lanes_git for-each-ref --format='%(refname:short)' '@BRANCHES@' '@TAGS@' ;;
	words:*)
		printf '%s\n' ${1#words:} ;;
	esac
}

# What the commands take: generated.
__git_lanes_options ()
{
	case "$1" in
@OPTIONS@
	esac
}

__git_lanes_value ()
{
	case "$1 $2" in
@VALUES@
	esac
}

__git_lanes_argument ()
{
	case "$1 $2" in
@ARGUMENTS@
	esac
}

# Offer the lines of stdin that begin with $1, each followed by $2.
__git_lanes_offer ()
{
	local name
	COMPREPLY=()
	while IFS= read -r name; do
		case "$name" in
		"$1"*=) COMPREPLY+=("$name") ;;
		"$1"*) COMPREPLY+=("$name$2") ;;
		esac
	done
}

__git_lanes_offer_names ()
{
	case "$1" in
	''|files) COMPREPLY=() ;; # bash goes on with files where nothing is offered
	*) __git_lanes_offer "$2" ' ' < <(__git_lanes_names "$1" | __git_lanes_plain | sort -u) ;;
	esac
}

_git_lanes ()
{
	local i=${__git_cmd_idx-} word command='' count=0
	if [ -z "$i" ]; then
		i=0
		while [ "$i" -lt "$cword" ] && [ "${words[i]}" != lanes ]; do
			i=$((i + 1))
		done
	fi
	while i=$((i + 1)) && [ "$i" -lt "$cword" ]; do
		word=${words[i]}
		case "$word" in
		--) COMPREPLY=(); return ;;
		-*=*) ;;
		-*)	if [ -n "$(__git_lanes_value "$command" "$word")" ]; then
				i=$((i + 1))
				[ "${words[i]}" = '=' ] && i=$((i + 1))
			fi ;;
		*)	case "$command" in
			'')	command=$word
				case "$word" in
				@PLURALS@) command=${word%s} ;;
				esac ;;
			@GROUPS@)
				if [ -n "$(__git_lanes_options "$command $word")" ]; then
					command="$command $word"
				else
					count=$((count + 1))
				fi ;;
			*) count=$((count + 1)) ;;
			esac ;;
		esac
	done

	local before=${words[cword-1]}
	if [ "$before" = '=' ]; then
		before=${words[cword-2]}
	fi
	local offered
	case "$cur" in
	--*=*)
		__git_lanes_offer_names "$(__git_lanes_value "$command" "${cur%%=*}")" "${cur#*=}"
		return ;;
	esac
	offered=$(__git_lanes_value "$command" "$before")
	case "$offered,$cur" in
	?*,*) __git_lanes_offer_names "$offered" "${cur#=}" ;;
	,-*) __git_lanes_offer "$cur" ' ' < <(__git_lanes_options "$command" | tr ' ' '\n') ;;
	*) __git_lanes_offer_names "$(__git_lanes_argument "$command" "$count")" "$cur" ;;
	esac
}

__git_lanes_alone ()
{
	local cur words cword __git_cmd_idx=0
	if declare -F _get_comp_words_by_ref >/dev/null; then
		_get_comp_words_by_ref -n =: cur words cword
	else
		words=("${COMP_WORDS[@]}")
		cword=$COMP_CWORD
		cur=${words[cword]}
	fi
	_git_lanes
}

complete -o bashdefault -o default -o nospace -F __git_lanes_alone git-lanes
