namespace Kbus.Cli;

/// <summary>The files that make shells complete this command. All of them only ask <c>kbus __complete</c>.</summary>
internal static class ShellCompletion
{
    private const string Bash = """
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
        """;

    private const string Zsh = """
        #compdef kbus
        # Completion of kbus for zsh. Made by 'kbus completion zsh'.
        _kbus()
        {
            local -a lines candidates
            local line
            if [[ $words[CURRENT-1] == (--file|--runtime-dir) ]]; then
                _files
                return
            fi
            lines=("${(@f)$(${(Q)words[1]} __complete "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}")
            for line in $lines; do
                [[ -n $line ]] && candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
            done
            (( ${#candidates} )) && _describe kbus candidates
        }
        if [[ ${funcstack[1]} == _kbus ]]; then
            _kbus "$@"
        else
            compdef _kbus kbus
        fi
        """;

    private const string Fish = """
        # Completion of kbus for fish. Made by 'kbus completion fish'.
        function __kbus_complete
            set -l words (commandline --tokenize --current-process --cut-at-cursor)
            set -l current (commandline --current-token --cut-at-cursor)
            set -l plain (string unescape -- "$current"; or string replace --regex '^["\']' '' -- "$current")
            kbus __complete $words[2..] "$plain" 2>/dev/null
        end
        complete --command kbus --no-files --arguments '(__kbus_complete)'
        complete --command kbus --long-option file --require-parameter --force-files
        complete --command kbus --long-option runtime-dir --require-parameter --arguments '(__fish_complete_directories)'
        """;

    /// <summary>The shells that there is a file for.</summary>
    public static IReadOnlyList<string> Shells { get; } = ["bash", "zsh", "fish"];

    /// <summary>The file for a shell; null if there is none.</summary>
    public static string? For(string shell) => shell switch
    {
        "bash" => Bash,
        "zsh" => Zsh,
        "fish" => Fish,
        _ => null,
    };
}
