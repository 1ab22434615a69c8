namespace Kbus.Cli;

/// <summary>Parses a command line. Options may be anywhere, even before the verb; <c>--</c> ends them.</summary>
/// <remarks>
/// <c>--bus 1</c>, <c>--bus=1</c>, <c>-b 1</c>, <c>-b1</c>; and <c>-bus 1</c>, because the commands of the original took long names
/// with one dash. A dash and a digit begin an operand: <c>kbus errno -32</c>; but <c>-0</c> is an option of the verbs that have it. Once
/// the verb is known its own options come first, so that one verb can have a short name that means something else with another.
/// </remarks>
internal sealed class ArgumentReader
{
    private readonly IReadOnlyList<string> _args;
    private readonly List<GivenOption> _options = [];
    private readonly List<string> _operands = [];
    private Verb? _verb;
    private int _at;

    private ArgumentReader(IReadOnlyList<string> args) => _args = args;

    /// <summary>Takes a command line apart and checks it against its verb.</summary>
    /// <exception cref="CommandException">It makes no sense; the message says why.</exception>
    public static ParsedArguments Read(IReadOnlyList<string> args)
    {
        var reader = new ArgumentReader(args);
        reader.Read();
        reader.Check();
        return new ParsedArguments(reader._verb, reader._options, reader._operands);
    }

    private void Read()
    {
        while (_at < _args.Count)
        {
            string word = _args[_at++];
            if (word == "--")
            {
                while (_at < _args.Count)
                {
                    TakeOperand(_args[_at++]);
                }
            }
            else if (IsOption(_verb, word))
            {
                ReadOption(word);
            }
            else
            {
                TakeOperand(word);
            }
        }
    }

    /// <summary>A dash alone is standard input, and a dash before a digit is a number, unless the verb has it as an option:
    /// <c>-0</c>.</summary>
    internal static bool IsOption(Verb? verb, string word) => word.Length > 1 && word[0] == '-'
        && (!char.IsAsciiDigit(word[1]) || (word.Length == 2 && verb is not null && verb.Options.Any(o => o.Letter == word[1])));

    /// <summary>Finds the option that a word begins with, and the value that the word contains, if it does.</summary>
    internal static Option? Find(Verb? verb, string word, out string? value)
    {
        value = null;
        return (verb is null ? null : Find(verb.Options, word, out value)) ?? Find(Options.All, word, out value);
    }

    private static Option? Find(IReadOnlyList<Option> options, string word, out string? value)
    {
        value = null;
        int equals = word.IndexOf('=', StringComparison.Ordinal);
        string name = (equals < 0 ? word : word[..equals]).TrimStart('-');
        bool isLong = word.StartsWith("--", StringComparison.Ordinal);
        if (options.FirstOrDefault(o => o.Name == name || (!isLong && o.Also.Contains(name))) is { } byName)
        {
            value = equals < 0 ? null : word[(equals + 1)..];
            return byName;
        }

        if (isLong)
        {
            return null;
        }

        Option? byLetter = options.FirstOrDefault(o => o.Letter == word[1]);
        if (byLetter is null || (!byLetter.TakesValue && word.Length > 2))
        {
            return null;
        }

        value = word.Length > 2 ? word[2..] : null;
        return byLetter;
    }

    private void TakeOperand(string word)
    {
        if (_verb is null)
        {
            _verb = Verbs.Find(word) ?? throw CommandException.Usage($"'{word}' is not a verb.{Suggest(word, Verbs.Shown.Select(v => v.Name))}");
            if (_verb.IsHidden)
            {
                _operands.AddRange(_args.Skip(_at));
                _at = _args.Count;
            }
        }
        else
        {
            _operands.Add(word);
        }
    }

    private void ReadOption(string word)
    {
        Option? option = Find(_verb, word, out string? value);
        if (option is null)
        {
            throw Unknown(word);
        }

        if (!option.TakesValue && value is not null)
        {
            throw CommandException.Usage($"{option} takes no value.", _verb?.Name ?? "");
        }

        if (option.TakesValue && value is null)
        {
            value = _at < _args.Count ? _args[_at++] : throw CommandException.Usage($"{option} needs a value: {option} {option.Value}.", _verb?.Name ?? "");
        }

        _options.Add(new GivenOption(option, value ?? "", word));
    }

    private void Check()
    {
        bool asksForHelp = _options.Any(o => o.Option == Options.Help || o.Option == Options.Version);
        if (asksForHelp || _verb is null || _verb.IsHidden)
        {
            if (!asksForHelp && _options.Count > 0 && _verb is null)
            {
                throw CommandException.Usage("Which verb?");
            }

            return;
        }

        CheckText(_verb);
        CheckFiles(_verb);
        foreach (GivenOption given in _options)
        {
            if (_verb.Options.All(o => o.Name != given.Option.Name))
            {
                throw Unknown(given.Option.ToString());
            }
        }

        if (_operands.Count < _verb.LeastOperands)
        {
            throw CommandException.Usage($"{_verb.Name} needs {_verb.Operands}.", _verb.Name);
        }

        if (_operands.Count > _verb.MostOperands)
        {
            string operand = _operands[_verb.MostOperands];
            throw CommandException.Usage(
                $"'{operand}' is one argument too many. An argument with spaces needs quotes.", _verb.Name);
        }
    }

    /// <summary>Only data may have bytes that are not UTF-8. Anywhere else they would silently become other bytes.</summary>
    private void CheckText(Verb verb)
    {
        if (_options.FirstOrDefault(o => !ExactWords.IsText(o.Value)) is { } option)
        {
            throw CommandException.Usage($"{option.Option}: {NotText(option.Value)}", verb.Name);
        }

        for (int i = 0; i < _operands.Count; i++)
        {
            if (i != verb.DataOperand && !ExactWords.IsText(_operands[i]))
            {
                bool isName = verb.Completes.Count > 0
                    && verb.Completes[Math.Min(i, verb.Completes.Count - 1)] is Candidates.BoundNames or Candidates.MessageNames or Candidates.RepliedNames;
                throw CommandException.Usage(isName
                    ? $"EBADMSG: '{_operands[i]}' is not a legal message name: it has the byte 0x{ExactWords.OddByte(_operands[i]):x2}. A name has letters, digits and dots."
                    : NotText(_operands[i]), verb.Name);
            }
        }
    }

    /// <summary>No file and no directory has an empty name.</summary>
    private void CheckFiles(Verb verb)
    {
        static bool IsFile(Candidates completes) => completes is Candidates.Files or Candidates.Directories;
        if (_options.FirstOrDefault(o => o.Value.Length == 0 && o.Option.TakesValue && IsFile(o.Option.Completes)) is { } option)
        {
            throw CommandException.Usage($"{option.Option}: the name is empty: {option.Option} {option.Option.Value}.", verb.Name);
        }

        int empty = _operands.FindIndex(o => o.Length == 0);
        if (empty >= 0 && empty < verb.Completes.Count && IsFile(verb.Completes[empty]))
        {
            throw CommandException.Usage($"the name of a file is empty: {verb.Name} {verb.Operands}.", verb.Name);
        }
    }

    private static string NotText(string word) => $"'{word}' is not text: the byte 0x{ExactWords.OddByte(word):x2} in it is not UTF-8.";

    private CommandException Unknown(string word)
    {
        string verb = _verb?.Name ?? "";
        IEnumerable<Option> known = _verb?.Options ?? Options.All;
        string suggestion = Suggest(word, known.Where(o => !o.IsHidden).Select(o => o.ToString()).Append("--help"));
        return CommandException.Usage($"{word} is not an option of kbus{(verb.Length == 0 ? "" : " " + verb)}.{suggestion}", verb);
    }

    private static string Suggest(string word, IEnumerable<string> known)
    {
        (string? best, int distance) = known.Select(k => ((string?)k, Spelling.Distance(word, k))).DefaultIfEmpty((null, int.MaxValue)).MinBy(k => k.Item2);
        return best is not null && distance <= Math.Max(1, word.TrimStart('-').Length / 3) ? $" Did you mean {best}?" : "";
    }
}
