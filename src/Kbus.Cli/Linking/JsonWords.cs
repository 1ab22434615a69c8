using System.Text.Json;
using Kbus.Policy;

namespace Kbus.Cli;

/// <summary>The words of a file in JSON with comments, one after the other. What is wrong is an error with its place.</summary>
internal ref struct JsonWords
{
    private readonly string _path;
    private readonly ReadOnlySpan<byte> _text;
    private Utf8JsonReader _json;

    /// <summary>Begins at the beginning.</summary>
    /// <param name="path">The file, as errors are to name it.</param>
    /// <param name="text">Its content, which is UTF-8.</param>
    public JsonWords(string path, ReadOnlySpan<byte> text)
    {
        _path = path;
        _text = text;
        _json = new Utf8JsonReader(text, new JsonReaderOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
    }

    /// <summary>The kind of the current word.</summary>
    public readonly JsonTokenType Kind => _json.TokenType;

    /// <summary>Where the current word begins, in bytes.</summary>
    public readonly int Place => (int)_json.TokenStartIndex;

    /// <summary>Goes on to the next word.</summary>
    /// <exception cref="PolicyException">There is none, or what follows is not JSON.</exception>
    public void Next()
    {
        try
        {
            if (!_json.Read())
            {
                throw Wrong("the file is empty, or ends too early");
            }
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }
    }

    /// <summary>Sees to it that nothing follows.</summary>
    /// <exception cref="PolicyException">Something does.</exception>
    public void End()
    {
        try
        {
            _ = _json.Read();
        }
        catch (JsonException e)
        {
            throw NotJson(e);
        }
    }

    /// <summary>The next key of the object that is being read; null at its end.</summary>
    /// <param name="seen">The keys that have been there.</param>
    public string? NextKey(HashSet<string> seen)
    {
        Next();
        if (Kind != JsonTokenType.PropertyName)
        {
            return null;
        }

        string key = Text("a key");
        return seen.Add(key) ? key : throw Wrong($"\"{Shown(key)}\" stands here a second time");
    }

    /// <summary>The next word, which must begin an object.</summary>
    public void NextObject(string expected)
    {
        Next();
        ThisObject(expected);
    }

    /// <summary>The current word must begin an object.</summary>
    public readonly void ThisObject(string expected)
    {
        if (Kind != JsonTokenType.StartObject)
        {
            throw Wrong($"here should stand {expected}");
        }
    }

    /// <summary>The next word, as a text that is not empty.</summary>
    public string NextText(string expected)
    {
        Next();
        return Text(expected);
    }

    /// <summary>The next words: one text, or several in a list.</summary>
    public List<(string Text, int Place)> NextTexts(string expected)
    {
        List<(string, int)> texts = [];
        Next();
        if (Kind != JsonTokenType.StartArray)
        {
            return [(Text(expected), Place)];
        }

        for (Next(); Kind != JsonTokenType.EndArray; Next())
        {
            texts.Add((Text(expected), Place));
        }

        return texts.Count > 0 ? texts : throw Wrong($"nothing stands here. It should be {expected}");
    }

    /// <summary>The next word, as a whole number.</summary>
    public uint NextNumber(uint least, uint most)
    {
        Next();
        return Number(least, most) ?? throw Wrong($"here should stand a whole number from {least} to {most}");
    }

    /// <summary>The next word: a whole number, or one word instead of it.</summary>
    /// <returns>The number; null if the word is there.</returns>
    public uint? NextNumberOr(string word, uint least, uint most)
    {
        Next();
        return Kind == JsonTokenType.String && _json.ValueTextEquals(word) ? null
            : Number(least, most) ?? throw Wrong($"here should stand a whole number from {least} to {most}, or \"{word}\"");
    }

    /// <summary>An error at the current word.</summary>
    public readonly PolicyException Wrong(string what) => WrongAt(Place, what);

    /// <summary>An error at a place.</summary>
    public readonly PolicyException WrongAt(int place, string what) => new($"{_path}, {TextPlace.Of(_text, place)}: {what}.");

    /// <summary>Text of the file, as errors show it.</summary>
    public static string Shown(string text) => TerminalText.Of(text.Length > 200 ? text[..200] : text);

    private readonly uint? Number(uint least, uint most) =>
        Kind == JsonTokenType.Number && _json.TryGetUInt32(out uint number) && number >= least && number <= most ? number : null;

    private readonly string Text(string expected)
    {
        try
        {
            return Kind is JsonTokenType.String or JsonTokenType.PropertyName && _json.GetString() is { Length: > 0 } text ? text
                : throw Wrong($"here should stand {expected}");
        }
        catch (InvalidOperationException)
        {
            // An escape that stands for half a character.
            throw Wrong("a text has an escape that is no character");
        }
    }

    private readonly PolicyException NotJson(JsonException e) =>
        new($"{_path}, {TextPlace.Of(_text, e)}: it is not JSON there, also if comments are left out.");
}
