# Completion of kbus for bash. Made by 'kbus completion bash'.
# Names begin with '$', so they are completed in the quotes that the word begins with, or else with backslashes.
_kbus()
{
    local current=${COMP_WORDS[COMP_CWORD]} quote='' word i
    local -a words=()
    COMPREPLY=()
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case $word in
            \'*\' | \"*\") word=${word:1:${#word}-2} ;;
        esac
        words+=("${word//\\/}")
    done
    case $current in
        \'* | \"*) quote=${current:0:1} current=${current:1} ;;
    esac
    words+=("${current//\\/}")
    while IFS=$'\t' read -r word _; do
        case $quote in
            \') ;;
            \") word=${word//\$/\\\$} ;;
            *) printf -v word %q "$word" ;;
        esac
        COMPREPLY+=("$word")
    done < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
    case ${COMP_WORDS[COMP_CWORD-1]} in
        --file | --runtime-dir) ;;
        *) compopt +o default 2>/dev/null ;;
    esac
}
complete -o default -F _kbus kbus
