# Completion of `git lanes` and `git-lanes` for fish.
# For this shell:   git lanes completion fish | source
# For all:          git lanes completion fish > ~/.config/fish/completions/git-lanes.fish

function __git_lanes_names -a kind
    switch $kind
        case lanes
            git $__git_lanes_place for-each-ref --format='%(refname:lstrip=3)' '@HEADS@' 2>/dev/null
        case branches
            git $__git_lanes_place for-each-ref --format='%(refname:short)' '@BRANCHES@' 2>/dev/null
        case attempts
            git $__git_lanes_place for-each-ref --format='%(contents)' '@JOURNALS@' 2>/dev/null |
                string replace -fr '.*"open":\[' '' |
                string match -ar '"id":"[^"]*"' | string split -f 4 '"'
        case states
            __git_lanes_names lanes
            __git_lanes_names attempts
            git $__git_lanes_place for-each-ref --format='%(refname:lstrip=3)' '@SNAPSHOTS@' 2>/dev/null |
                string replace -r '/([0-9]*)$' '/s$1'
            git $__git_lanes_place for-each-ref --format='%(refname:short)' '@BRANCHES@' '@TAGS@' 2>/dev/null
    end
end

function __git_lanes_offer -a kind
    __git_lanes_names $kind | string match -r '^[A-Za-z0-9._/@+,=-]+$' | sort -u
end

# Print the command that the line has so far, of a group with the one within.
function __git_lanes_command
    set -l words (commandline -opc)
    set -l found
    set -l skip 0
    for word in $words[2..]
        if test $skip = 1
            set skip 0
            continue
        end
        switch $word
            case --color
                set skip 1
            case '-*'
            case '*'
                if not set -q found[1]
                    set found (string replace -r '^(@GROUPS@)s$' '$1' -- $word)
                else if contains -- "$found $word" @PAIRS@
                    set found "$found $word"
                    break
                else
                    break
                end
        end
    end
    echo "$found"
end

function __git_lanes_at
    contains -- (__git_lanes_command) $argv
end

# Print what follows `git lanes` on the line; fail where git is given another command. Where
# git's own options put the command is kept for __git_lanes_names.
function __git_lanes_after_git
    set -l words (commandline -opc)
    set -l at 2
    set -l place
    while set -q words[$at]
        switch $words[$at]
            case -C --git-dir
                set -a place $words[$at..(math $at + 1)]
                set at (math $at + 2)
            case -c --work-tree --namespace
                set at (math $at + 2)
            case '--git-dir=*'
                set -a place $words[$at]
                set at (math $at + 1)
            case '-*'
                set at (math $at + 1)
            case lanes
                set -g __git_lanes_place $place
                string escape -- $words[(math $at + 1)..]
                return 0
            case '*'
                return 1
        end
    end
    return 1
end

function __git_lanes_for_git
    set -l rest (__git_lanes_after_git)
    set -l token (commandline -ct)
    complete -C "git-lanes $rest $token"
    set -e __git_lanes_place
end

complete -c git -f -n '__git_lanes_after_git >/dev/null' -a '(__git_lanes_for_git)'
complete -c git-lanes -f
@COMMANDS@
