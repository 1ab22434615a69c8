using System.Text;

namespace Kbus.Limpets.Tests;

public sealed class NameListTests
{
    [Theory]
    [InlineData("$.A", "$.A", true)]
    [InlineData("$.A", "$.B", false)]
    [InlineData("$.A", "$.A.B", false)]
    [InlineData("$.A", "$.AB", false)]
    [InlineData("$.A", "$.*", false)]
    [InlineData("$.A.*", "$.A", false)]
    [InlineData("$.A.*", "$.A.B", true)]
    [InlineData("$.A.*", "$.A.B.C", true)]
    [InlineData("$.A.*", "$.AB.C", false)]
    [InlineData("$.A.%", "$.A.B", true)]
    [InlineData("$.A.%", "$.A.B.C", false)]
    [InlineData("$.A.%", "$.A", false)]
    [InlineData("$.*", "$.KBUS.Anything", true)]
    [InlineData("$.%", "$.A", true)]
    [InlineData("$.%", "$.A.B", false)]
    public void A_name_may_pass_if_the_list_covers_it(string listed, string name, bool mayPass) =>
        Assert.Equal(mayPass, Allows([listed], name));

    [Theory]
    [InlineData("$.*", "$.*", true)]
    [InlineData("$.*", "$.%", true)]
    [InlineData("$.*", "$.A.*", true)]
    [InlineData("$.%", "$.%", true)]
    [InlineData("$.%", "$.*", false)]
    [InlineData("$.%", "$.A.%", false)]
    [InlineData("$.A.*", "$.A.*", true)]
    [InlineData("$.A.*", "$.A.%", true)]
    [InlineData("$.A.*", "$.A.B.%", true)]
    [InlineData("$.A.*", "$.*", false)]
    [InlineData("$.A.%", "$.A.%", true)]
    [InlineData("$.A.%", "$.A.*", false)]
    [InlineData("$.A.%", "$.A.B.%", false)]
    [InlineData("$.A.B", "$.A.%", false)]
    public void A_wildcard_may_pass_if_all_that_it_stands_for_may(string listed, string wildcard, bool mayPass) =>
        Assert.Equal(mayPass, Allows([listed], wildcard));

    [Fact]
    public void Any_name_of_the_list_is_enough_and_an_empty_list_lets_all_pass()
    {
        Assert.True(Allows(["$.A", "$.B.*"], "$.B.C"));
        Assert.False(Allows(["$.A", "$.B.*"], "$.C"));
        Assert.True(Allows([], "$.C"));
        Assert.True(Allows([], "$.*"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("A")]
    [InlineData("$.A*")]
    [InlineData("$.A..B")]
    [InlineData("$.Ü")]
    public void What_one_cannot_bind_to_is_no_name(string name)
    {
        ArgumentException refusal = Assert.Throws<ArgumentException>(() => new NameList([name]));
        Assert.Contains($"\"{name}\"", refusal.Message, StringComparison.Ordinal);
    }

    private static bool Allows(string[] list, string name) => new NameList(list).Allows(Encoding.ASCII.GetBytes(name));
}
