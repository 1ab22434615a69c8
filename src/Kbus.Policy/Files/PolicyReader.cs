using System.Globalization;
using System.Text;
using System.Text.Json;
using Kbus.Core;

namespace Kbus.Policy;

/// <summary>Parses the text of a policy once, from its beginning, into rules. Anything unknown is an error with its place.</summary>
internal ref struct PolicyReader
{
    private const int MostRules = 10_000;
    private const int MostNames = 10_000;
    private const uint MostBuses = 256;
    private const string Everybody = "everybody";
    private const string RuleKeys = "allow, deny, buses, open, listen, reply, send, settings, limpet, new-bus, status, watch, everything";

    private readonly string _path;
    private readonly ReadOnlySpan<byte> _text;
    private readonly AccountNames _accounts;
    private Utf8JsonReader _json;
    private int _names;

    /// <summary>Begins at the beginning.</summary>
    /// <param name="path">The file, as errors are to name it.</param>
    /// <param name="text">Its content, which is UTF-8.</param>
    /// <param name="accounts">Who resolves users and groups.</param>
    public PolicyReader(string path, ReadOnlySpan<byte> text, AccountNames accounts)
    {
        _path = path;
        _text = text;
        _accounts = accounts;
        _json = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
    }

    /// <summary>Reads the whole text.</summary>
    /// <exception cref="PolicyException">Something is wrong with it.</exception>
    public List<PolicyRule> Read()
    {
        try
        {
            return ReadFile();
        }
        catch (JsonException e)
        {
            throw new PolicyException($"{_path}, {TextPlace.Of(_text, e)}: it is not JSON there, also if comments are left out.");
        }
        catch (InvalidOperationException)
        {
            // An escape that stands for half a character.
            throw Wrong("a text has an escape that is no character");
        }
    }

    private List<PolicyRule> ReadFile()
    {
        Next();
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            throw Wrong("a policy is one JSON object: { \"rules\": [ ... ] }");
        }

        List<PolicyRule>? rules = null;
        while (NextKey() is { } key)
        {
            if (key != "rules")
            {
                throw Wrong($"'{Shown(key)}' is not known here. A policy has \"rules\" and nothing else");
            }

            if (rules is not null)
            {
                throw Wrong("\"rules\" stands here a second time");
            }

            rules = [];
            Next();
            if (_json.TokenType != JsonTokenType.StartArray)
            {
                throw Wrong("\"rules\" should be a list: [ ... ]");
            }

            for (Next(); _json.TokenType != JsonTokenType.EndArray; Next())
            {
                rules.Add(ReadRule());
                if (rules.Count > MostRules)
                {
                    throw Wrong($"there are more than {MostRules} rules");
                }
            }
        }

        if (rules is null)
        {
            throw Wrong("there are no \"rules\"");
        }

        // Sees to it that nothing follows.
        _ = _json.Read();
        return rules;
    }

    private PolicyRule ReadRule()
    {
        if (_json.TokenType != JsonTokenType.StartObject)
        {
            throw Wrong("a rule is an object such as { \"allow\": \"everybody\", \"listen\": \"$.*\" }");
        }

        int start = (int)_json.TokenStartIndex;
        uint line = (uint)TextPlace.LineOf(_text, start);
        Whom? whom = null;
        bool allows = false;
        IReadOnlySet<uint>? buses = null;
        HashSet<string> seen = [];
        HashSet<PolicyAction> actions = [];
        Dictionary<PolicyAction, IReadOnlyList<NamePattern>> names = [];
        while (NextKey() is { } key)
        {
            if (!seen.Add(key))
            {
                throw Wrong($"\"{Shown(key)}\" stands here a second time in one rule");
            }

            switch (key)
            {
                case "allow" or "deny":
                    if (whom is not null)
                    {
                        throw Wrong("a rule either allows or denies, and this one does both");
                    }

                    allows = key == "allow";
                    whom = ReadWhom();
                    break;
                case "buses":
                    buses = ReadBuses();
                    break;
                case "open":
                    ReadWords(actions, OpenAction, "\"read\" or \"write\", or both in a list");
                    break;
                case "settings":
                    ReadWords(actions, SettingAction, "\"MAXMSGSIZE\", \"VERBOSE\" or \"REPORTREPLIERBINDS\", or several in a list");
                    break;
                case "listen":
                    names[PolicyAction.Listen] = ReadNames();
                    break;
                case "reply":
                    names[PolicyAction.Reply] = ReadNames();
                    break;
                case "send":
                    names[PolicyAction.Send] = ReadNames();
                    break;
                case "limpet" or "new-bus" or "status" or "watch":
                    ReadTrue(key);
                    actions.Add(Switch(key));
                    break;
                case "everything":
                    ReadTrue(key);
                    actions.UnionWith(PolicyActions.All);
                    break;
                default:
                    throw Wrong($"'{Shown(key)}' is not known in a rule. There are: {RuleKeys}");
            }
        }

        if (whom is null)
        {
            throw WrongAt(start, "this rule says neither whom it allows something (\"allow\") nor whom it denies it (\"deny\")");
        }

        if (actions.Count == 0 && names.Count == 0)
        {
            throw WrongAt(start, $"this rule does not say what it {(allows ? "allows" : "denies")}, such as \"send\": \"$.A\"");
        }

        AddAllNames(actions, names);
        return new PolicyRule { Line = line, Allows = allows, Whom = whom, Buses = buses, Actions = actions, Names = names };
    }

    /// <summary>A rule about everything is about all names, whatever names it has besides.</summary>
    private static void AddAllNames(HashSet<PolicyAction> actions, Dictionary<PolicyAction, IReadOnlyList<NamePattern>> names)
    {
        foreach (PolicyAction action in PolicyActions.All)
        {
            if (PolicyActions.IsOfNames(action) && actions.Remove(action))
            {
                names[action] = [NamePattern.Everything];
            }
        }
    }

    private Whom ReadWhom()
    {
        bool isEverybody = false;
        HashSet<uint> users = [];
        HashSet<uint> groups = [];
        bool any = false;
        Next();
        bool isList = _json.TokenType == JsonTokenType.StartArray;
        if (isList)
        {
            Next();
        }

        for (; !isList || _json.TokenType != JsonTokenType.EndArray; Next())
        {
            string who = Text("a user, a @group or \"everybody\", or several in a list");
            any = true;
            if (who == Everybody)
            {
                isEverybody = true;
            }
            else if (who.StartsWith('@'))
            {
                groups.Add(Number(who[1..], "group", _accounts.Group));
            }
            else
            {
                users.Add(Number(who, "user", _accounts.User));
            }

            if (!isList)
            {
                break;
            }
        }

        return any ? new Whom { IsEverybody = isEverybody, Users = users, Groups = groups } : throw Wrong("nobody is named here: it applies to nobody");
    }

    private readonly uint Number(string who, string kind, Func<string, uint?> find)
    {
        if (who.Length == 0)
        {
            throw Wrong($"the name of a {kind} is empty");
        }

        if (who.Contains('\0', StringComparison.Ordinal))
        {
            throw Wrong($"the name of a {kind} has a NUL in it");
        }

        if (uint.TryParse(who, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
        {
            return number;
        }

        try
        {
            return find(who) ?? throw Wrong($"there is no {kind} '{Shown(who)}'");
        }
        catch (PolicyException e) when (!e.Message.StartsWith(_path, StringComparison.Ordinal))
        {
            throw Wrong(e.Message.TrimEnd('.'));
        }
    }

    private HashSet<uint> ReadBuses()
    {
        HashSet<uint> buses = [];
        Next();
        bool isList = _json.TokenType == JsonTokenType.StartArray;
        if (isList)
        {
            Next();
        }

        for (; !isList || _json.TokenType != JsonTokenType.EndArray; Next())
        {
            if (_json.TokenType != JsonTokenType.Number || !_json.TryGetUInt32(out uint bus) || bus >= MostBuses)
            {
                throw Wrong($"here should stand the number of a bus, 0 to {MostBuses - 1}, or several in a list");
            }

            buses.Add(bus);
            if (!isList)
            {
                break;
            }
        }

        return buses.Count > 0 ? buses : throw Wrong("no bus is named here: the rule would apply nowhere");
    }

    private List<NamePattern> ReadNames()
    {
        List<NamePattern> names = [];
        Next();
        bool isList = _json.TokenType == JsonTokenType.StartArray;
        if (isList)
        {
            Next();
        }

        for (; !isList || _json.TokenType != JsonTokenType.EndArray; Next())
        {
            string name = Text("a name such as \"$.A.B\" or \"$.A.*\", or several in a list");
            byte[] bytes = Encoding.UTF8.GetBytes(name);
            if (MessageName.CheckBinding(bytes) != Errno.None)
            {
                throw Wrong(bytes.Length > MessageName.MaxLength
                    ? $"this name is longer than {MessageName.MaxLength} bytes"
                    : $"'{Shown(name)}' is no name of a message. It is $ and words of letters and digits, each after a dot; the last may be * or %");
            }

            if (++_names > MostNames)
            {
                throw Wrong($"there are more than {MostNames} names in this file");
            }

            names.Add(new NamePattern(bytes));
            if (!isList)
            {
                break;
            }
        }

        return names.Count > 0 ? names : throw Wrong("no name stands here: the rule would apply to none");
    }

    private void ReadWords(HashSet<PolicyAction> actions, Func<string, PolicyAction?> find, string expected)
    {
        bool any = false;
        Next();
        bool isList = _json.TokenType == JsonTokenType.StartArray;
        if (isList)
        {
            Next();
        }

        for (; !isList || _json.TokenType != JsonTokenType.EndArray; Next())
        {
            string word = Text(expected);
            actions.Add(find(word) ?? throw Wrong($"'{Shown(word)}' is not known here. It should be {expected}"));
            any = true;
            if (!isList)
            {
                break;
            }
        }

        if (!any)
        {
            throw Wrong($"nothing stands here. It should be {expected}");
        }
    }

    private static PolicyAction? OpenAction(string word) => word switch
    {
        "read" => PolicyAction.OpenForReading,
        "write" => PolicyAction.OpenForWriting,
        _ => null,
    };

    private static PolicyAction? SettingAction(string word) => word switch
    {
        "MAXMSGSIZE" => PolicyAction.SetMaxMessageSize,
        "VERBOSE" => PolicyAction.SetVerbose,
        "REPORTREPLIERBINDS" => PolicyAction.SetReportBinds,
        _ => null,
    };

    private static PolicyAction Switch(string key) => key switch
    {
        "limpet" => PolicyAction.UseNetworkId,
        "new-bus" => PolicyAction.MakeBus,
        "status" => PolicyAction.SeeStatus,
        _ => PolicyAction.Watch,
    };

    private void ReadTrue(string key)
    {
        Next();
        if (_json.TokenType != JsonTokenType.True)
        {
            throw Wrong($"\"{key}\" should be true, or be left out. What is not to be is said by \"deny\"");
        }
    }

    private readonly string Text(string expected) =>
        _json.TokenType == JsonTokenType.String ? _json.GetString()! : throw Wrong($"here should stand {expected}");

    private void Next()
    {
        if (!_json.Read())
        {
            throw Wrong("the file is empty, or ends too early");
        }
    }

    /// <summary>The next key of the object that is being read; null at its end.</summary>
    private string? NextKey()
    {
        Next();
        return _json.TokenType == JsonTokenType.PropertyName ? _json.GetString() : null;
    }

    private readonly PolicyException Wrong(string what) => WrongAt((int)_json.TokenStartIndex, what);

    private readonly PolicyException WrongAt(int place, string what) => new($"{_path}, {TextPlace.Of(_text, place)}: {what}.");

    private static string Shown(string text) => PrintableText.Of(text);
}
