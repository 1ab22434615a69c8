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
