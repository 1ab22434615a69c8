using System.Globalization;

namespace Kbus.Cli;

/// <summary>Finds what the last word of an unfinished command line can become.</summary>
/// <param name="words">The words after <c>kbus</c>; the last one is being written and may be empty.</param>
/// <param name="ask">Asks the daemon in a directory, or in the usual places for null; gives null if none answers.</param>
internal sealed class Completer(IReadOnlyList<string> words, Func<string?, DaemonStatus?> ask)
{
    private Verb? _verb;
    private int _operands;
    private bool _onlyOperands;
    private bool _isLost;
    private Option? _pending;
    private string? _directory;
    private uint _bus;

    /// <summary>Each possible word, with a description.</summary>
    public IEnumerable<(string Word, string Description)> Complete()
    {
        foreach (string word in words.SkipLast(1))
        {
            Read(word);
        }

        string current = words.Count == 0 ? "" : words[^1];
        int equals = current.IndexOf('=', StringComparison.Ordinal);
        IEnumerable<(string Word, string Description)> all;
        if (_isLost)
        {
            all = [];
        }
        else if (_pending is not null)
        {
            all = Values(_pending.Completes);
        }
        else if (!_onlyOperands && current.StartsWith("--", StringComparison.Ordinal) && equals > 0)
        {
            Option? option = ArgumentReader.Find(_verb, current, out _);
            all = option is null ? [] : Values(option.Completes).Select(v => (current[..(equals + 1)] + v.Word, v.Description));
        }
        else if (!_onlyOperands && current.StartsWith('-'))
        {
            all = (_verb?.Options ?? [Options.Version]).Where(o => !o.IsHidden).Append(Options.Help).Select(o => (o.ToString(), o.Text));
        }
        else
        {
            all = Values(_verb is null ? Candidates.Verbs : _verb.Completes.Count == 0 ? Candidates.None : _verb.Completes[Math.Min(_operands, _verb.Completes.Count - 1)]);
        }

        return all.Where(c => c.Word.StartsWith(current, StringComparison.Ordinal));
    }

    private void Read(string word)
    {
        if (_pending is { } pending)
        {
            Note(pending, word);
            _pending = null;
        }
        else if (word == "--")
        {
            _onlyOperands = true;
        }
        else if (!_onlyOperands && ArgumentReader.IsOption(_verb, word))
        {
            Option? option = ArgumentReader.Find(_verb, word, out string? value);
            if (option is { TakesValue: true } && value is null)
            {
                _pending = option;
            }
            else if (option is not null)
            {
                Note(option, value ?? "");
            }
        }
        else if (_verb is null)
        {
            _verb = Verbs.Find(word);
            _isLost = _verb is null;
        }
        else
        {
            _operands++;
        }
    }

    private void Note(Option option, string value)
    {
        if (option.Name == Options.RuntimeDir.Name)
        {
            _directory = value;
        }
        else if (option.Name == Options.Bus.Name)
        {
            _ = uint.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out _bus);
        }
    }

    private IEnumerable<(string Word, string Description)> Values(Candidates candidates) => candidates switch
    {
        Candidates.Verbs => Verbs.Shown.Select(v => (v.Name, v.Summary)),
        Candidates.Shells => ShellCompletion.Shells.Select(s => (s, "")),
        Candidates.Errors => KbusErrors.All.Select(e => (KbusErrors.Name(e), KbusErrors.UnixMeaning(e))),
        Candidates.Buses => ask(_directory)?.Buses.Select(b => ($"{b.Number}", Counted(b.Ksocks.Count))) ?? [],
        Candidates.Repliers => Bound().Where(b => b.Binding.IsReplier).DistinctBy(b => b.Ksock.Id).Select(b => ($"{b.Ksock.Id}", TerminalText.Of(b.Ksock.Program))),
        Candidates.Programs => All().GroupBy(k => TerminalText.Of(k.Program)).Select(p => (p.Key, Counted(p.Count()))),
        Candidates.Users => All().GroupBy(k => UserNames.Of(k.UserId)).Select(u => (u.Key, Counted(u.Count()))),
        Candidates.DataForms => Enum.GetValues<DataForm>().Select(f => (JsonData.Word(f), "")),
        Candidates.LogForms => LimpetArguments.LogForms.Keys.Select(f => (f, "")),
        Candidates.EventKinds => EventKind.All.Select(k => (k, "")),
        Candidates.TimeForms => EventTime.Forms.Select(f => (f, "")),
        Candidates.Ksocks => ask(_directory)?.Buses.FirstOrDefault(b => b.Number == _bus)?.Ksocks.Select(k => ($"{k.Id}", TerminalText.Of(k.Program))) ?? [],
        Candidates.TopOrders => TopText.Orders.Select(o => (o, "")),
        Candidates.PolicyDeeds => [(PolicyCommand.Check, "says what is wrong with a policy file"), (PolicyCommand.Explain, "says what a policy allows, and why")],
        Candidates.OpenModes => PolicyCommand.Modes.Select(m => (m, "")),
        Candidates.Settings => PolicyCommand.Settings.Keys.Select(s => (s, "")),
        Candidates.BoundNames => Names(Bound()),
        Candidates.MessageNames => Names(Bound().Where(b => IsPlain(b.Binding.Name))),
        Candidates.RepliedNames => Names(Bound().Where(b => b.Binding.IsReplier && IsPlain(b.Binding.Name))),
        _ => [],
    };

    private IEnumerable<(KsockStatus Ksock, BindingStatus Binding)> Bound()
    {
        BusStatus? bus = ask(_directory)?.Buses.FirstOrDefault(b => b.Number == _bus);
        return bus?.Ksocks.SelectMany(k => k.Bindings.Select(b => (k, b))) ?? [];
    }

    /// <summary>The Ksocks of all buses.</summary>
    private IEnumerable<KsockStatus> All() => ask(_directory)?.Buses.SelectMany(b => b.Ksocks) ?? [];

    private static string Counted(int ksocks) => ksocks == 1 ? "1 Ksock" : $"{ksocks} Ksocks";

    private static IEnumerable<(string Word, string Description)> Names(IEnumerable<(KsockStatus Ksock, BindingStatus Binding)> bound) =>
        bound.GroupBy(b => b.Binding.Name).OrderBy(n => n.Key, StringComparer.Ordinal)
            .Select(n => (n.Key, string.Join(", ", n.Select(b => $"Ksock {b.Ksock.Id} {(b.Binding.IsReplier ? "replies" : "listens")}").Distinct())));

    private static bool IsPlain(string name) => !name.EndsWith('*') && !name.EndsWith('%');
}
