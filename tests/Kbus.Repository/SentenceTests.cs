namespace Kbus.Repository;

/// <summary>Documents are for readers to whom English is a second language: their sentences are short.</summary>
public sealed class SentenceTests(ITestOutputHelper output)
{
    private const double MostWordsInTheMean = 16;
    private const int MostWords = 35;

    public static TheoryData<string> Documents => [.. Checkout.Files.Where(f => f.EndsWith(".md", StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Sentences_of_a_document_are_short(string document)
    {
        string[] sentences = [.. Prose.Sentences(Checkout.Text(document))];
        double mean = sentences.Select(Prose.Length).DefaultIfEmpty().Average();
        output.WriteLine($"{document}: {sentences.Length} sentences, {mean:0.0} words in the mean, {sentences.Select(Prose.Length).DefaultIfEmpty().Max()} at most");
        Assert.True(mean <= MostWordsInTheMean, $"{document} has {mean:0.0} words a sentence in the mean; at most {MostWordsInTheMean} are allowed.");
        Assert.Empty(sentences.Where(s => Prose.Length(s) > MostWords));
    }

    [Fact]
    public void A_sentence_is_told_from_headings_tables_code_and_lists()
    {
        const string Document = """
            # A heading. It does not count.

            One sentence
            on two lines. A second one (in brackets). See [a link. Not a sentence](file.md) and `code. And more`.

            - An item
            - Another one.

            | A table. | Not counted. |

            ```
            Code. It does not count.
            ```
            """;
        Assert.Equal(
            ["One sentence on two lines.", "A second one (in brackets).", "See a link.", "Not a sentence and Code.", "An item", "Another one."],
            Prose.Sentences(Document));
        Assert.Equal([5, 5, 3, 5, 2, 2], Prose.Sentences(Document).Select(Prose.Length));
    }
}
