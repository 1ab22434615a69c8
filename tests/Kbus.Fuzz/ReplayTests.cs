namespace Kbus.Fuzz;

/// <summary>Every input that is kept is played again: each came to something that no other does, or was once a finding.</summary>
public sealed class ReplayTests
{
    public ReplayTests() => AssertionListener.Listen();

    public static TheoryData<string, int> Inputs =>
        [.. Targets.All.SelectMany(t => Enumerable.Range(0, Corpus.Of(t).Count).Select(i => (t.Name, i)))];

    public static TheoryData<string> Names => [.. Targets.All.Select(t => t.Name)];

    [Theory]
    [MemberData(nameof(Inputs))]
    public void An_input_that_is_kept_is_read_without_harm(string target, int input)
    {
        Target played = Targets.Find(target)!;
        played.Play(Corpus.Of(played)[input]);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void What_a_fuzzer_begins_with_is_read_without_harm(string target)
    {
        Target played = Targets.Find(target)!;
        foreach (byte[] seed in played.Seeds)
        {
            played.Play(seed);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_target_has_inputs_that_are_kept(string target) => Assert.NotEmpty(Corpus.Of(Targets.Find(target)!));
}
